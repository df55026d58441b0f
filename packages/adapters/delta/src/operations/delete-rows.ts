import { rowsOf } from "../files/file-facts.ts";
import { holds } from "../files/sql-text.ts";
import type { AddAction } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { type Reads, readsAll } from "../table/change.ts";
import { existingTable, type TableContext } from "../table/table-context.ts";
import { target } from "../table/table-input.ts";
import { checkChangeable } from "../table/writable.ts";
import { findMatches } from "./find-matches.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";
import { replaceFiles } from "./replace-files.ts";
import { rewriteFiles } from "./rewrite-files.ts";

export interface DeleteOptions extends OperationOptions {
  /** SQL over the columns; rows for which it is true go. Without one all rows go. */
  readonly where?: string;
}

/** Files without the rows that go, and how it came to them. */
export interface Deletion {
  readonly removed: readonly AddAction[];
  readonly added: readonly AddAction[];
  readonly rows: number;
  readonly reads: Reads;
}

/** Removes rows. Files without such rows are not touched, and files of nothing else are not read. */
export async function deleteRows(table: TableContext, options: DeleteOptions): Promise<Outcome> {
  const { where } = options;
  const state = await existingTable(table);
  checkChangeable(state);
  const { rows, ...deletion } =
    where === undefined ? deletionOfAll(state) : await planDeletion(table, state, where);
  return replaceFiles(table, state, {
    operation: "DELETE",
    parameters: { predicate: where === undefined ? [] : [where] },
    ...deletion,
    metrics: { numDeletedRows: rows },
    options,
  });
}

/** Writes the files that stay of those with rows to remove. */
export async function planDeletion(
  table: TableContext,
  state: TableState,
  where: string,
): Promise<Deletion> {
  const { touched, reads } = await findMatches(table, state, where);
  const partial = touched.filter((file) => !file.isWhole).map((file) => file.add);
  const sql = `SELECT * FROM ${target} WHERE NOT ${holds(where)}`;
  return {
    removed: touched.map((file) => file.add),
    added: await rewriteFiles(table, state, partial, sql),
    rows: touched.reduce((sum, file) => sum + file.matches, 0),
    reads,
  };
}

function deletionOfAll(state: TableState): Deletion {
  const removed = [...state.files.values()];
  const rows = removed.reduce((sum, add) => sum + (rowsOf(add) ?? 0), 0);
  return { removed, added: [], rows, reads: readsAll };
}
