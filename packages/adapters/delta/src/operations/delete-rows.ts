import type { ChangedRows } from "../changes/write-changes.ts";
import { rowsOf } from "../files/file-facts.ts";
import { holds } from "../files/sql-text.ts";
import type { AddAction } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { type Reads, readsAll } from "../table/change.ts";
import { orForget } from "../table/commit-loop.ts";
import { existingTable, type TableContext } from "../table/table-context.ts";
import { target } from "../table/table-input.ts";
import { checkWritable } from "../table/writable.ts";
import { findMatches, type TouchedFile } from "./find-matches.ts";
import { canMark, markDeleted } from "./mark-deleted.ts";
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
  /** Paths of files made for it. */
  readonly written: readonly string[];
  readonly rows: number;
  readonly reads: Reads;
  /** The rows that go; absent where they are those of whole files. */
  readonly deleted?: ChangedRows;
}

/** Removes rows. Files without such rows are not touched, and files of nothing else are not read. */
export async function deleteRows(table: TableContext, options: DeleteOptions): Promise<Outcome> {
  const { where } = options;
  const state = await existingTable(table);
  checkWritable(state);
  const { rows, deleted, ...deletion } =
    where === undefined ? deletionOfAll(state) : await planDeletion(table, state, where);
  return replaceFiles(table, state, {
    operation: "DELETE",
    parameters: { predicate: where === undefined ? [] : [where] },
    ...deletion,
    changes: deleted ? [deleted] : [],
    metrics: { numDeletedRows: rows },
    options,
  });
}

/** Marks the rows to remove in deletion vectors, where the table has them switched on and they are few; writes files anew without them elsewhere. */
export async function planDeletion(
  table: TableContext,
  state: TableState,
  where: string,
): Promise<Deletion> {
  const { touched, reads } = await findMatches(table, state, where);
  const partial = touched.filter((file) => !file.isWhole);
  const marks = partial.filter((file) => canMark(state, file)).map((file) => file.add);
  const rewrites = partial.filter((file) => !canMark(state, file)).map((file) => file.add);
  const sql = `SELECT * FROM ${target} WHERE NOT ${holds(where)}`;
  const rewritten = await rewriteFiles(table, state, rewrites, sql);
  const written = rewritten.map((add) => add.path);
  const marked = await orForget(table, written, () => markDeleted(table, state, marks, where));
  return {
    removed: touched.map((file) => file.add),
    added: [...rewritten, ...marked.files],
    written: [...written, ...marked.written],
    rows: touched.reduce((sum, file) => sum + file.matches, 0),
    reads,
    ...(partial.length === 0 ? {} : { deleted: deletedRowsOf(touched, where) }),
  };
}

function deletedRowsOf(touched: readonly TouchedFile[], where: string): ChangedRows {
  const sql = `SELECT *, 'delete' AS _change_type FROM ${target} WHERE ${holds(where)}`;
  return { files: touched.map((file) => file.add), sql };
}

function deletionOfAll(state: TableState): Deletion {
  const removed = [...state.files.values()];
  const rows = removed.reduce((sum, add) => sum + (rowsOf(add) ?? 0), 0);
  return { removed, added: [], written: [], rows, reads: readsAll };
}
