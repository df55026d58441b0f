import { type ChangedRows, insertedRows } from "../changes/write-changes.ts";
import { rowsOf } from "../files/file-facts.ts";
import { partitionKey } from "../files/partition-key.ts";
import type { RowSource } from "../files/row-source.ts";
import type { AddAction } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { type Reads, readsAll, readsWhere } from "../table/change.ts";
import { existingTable, forgetFiles, type TableContext } from "../table/table-context.ts";
import { checkWritable } from "../table/writable.ts";
import { planDeletion } from "./delete-rows.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";
import { replaceFiles } from "./replace-files.ts";
import { writeRows } from "./write-rows.ts";

export interface OverwriteOptions extends OperationOptions {
  /**
   * What the rows take the place of: the whole table (the default), those partitions that the rows are of, or the rows for which `where` is true,
   * which must then be true of every new row.
   */
  readonly replace?: "table" | "partitions" | { readonly where: string };
}

/** Puts rows in the place of others. */
export async function overwrite(
  table: TableContext,
  rows: RowSource,
  options: OverwriteOptions,
): Promise<Outcome> {
  const { replace = "table" } = options;
  const state = await existingTable(table);
  checkWritable(state);
  const where = typeof replace === "string" ? undefined : replace.where;
  const limits = where === undefined ? [] : [{ name: "replace.where", condition: where }];
  const written = await writeRows(table, state, rows, limits);
  const { removed, kept, reads, deleted } = await planRemoval(table, state, replace, written).catch(
    async (error: unknown) => {
      await forgetFiles(
        table,
        written.map((add) => add.path),
      );
      throw error;
    },
  );
  return replaceFiles(table, state, {
    operation: "WRITE",
    parameters: {
      mode: "Overwrite",
      partitionBy: state.metaData.partitionColumns,
      ...(replace === "partitions" ? { partitionOverwriteMode: "dynamic" } : {}),
      ...(where === undefined ? {} : { predicate: where }),
    },
    removed,
    added: [...kept.files, ...written],
    written: [...kept.written, ...written.map((add) => add.path)],
    changes: deleted ? [deleted, insertedRows(written)] : [],
    metrics: { numOutputRows: written.reduce((sum, add) => sum + (rowsOf(add) ?? 0), 0) },
    reads,
    options,
  });
}

interface Removal {
  readonly removed: readonly AddAction[];
  /** The rows that stay of the removed files. */
  readonly kept: { readonly files: readonly AddAction[]; readonly written: readonly string[] };
  readonly reads: Reads;
  readonly deleted?: ChangedRows;
}

async function planRemoval(
  table: TableContext,
  state: TableState,
  replace: NonNullable<OverwriteOptions["replace"]>,
  written: readonly AddAction[],
): Promise<Removal> {
  const kept = { files: [], written: [] };
  if (replace === "table") return { removed: [...state.files.values()], kept, reads: readsAll };
  if (replace === "partitions") {
    const replaced = new Set(written.map((add) => partitionKey(state, add)));
    const isReplaced = (add: AddAction) => replaced.has(partitionKey(state, add));
    const removed = [...state.files.values()].filter(isReplaced);
    return { removed, kept, reads: readsWhere(state, isReplaced) };
  }
  const { added, written: made, ...deletion } = await planDeletion(table, state, replace.where);
  return { ...deletion, kept: { files: added, written: made } };
}
