import type { FileInput } from "@ecap/sdk";
import { batches, maxBatchBytes } from "../files/file-actions.ts";
import { deleteQuietly } from "../files/write-files.ts";
import { writeQuery } from "../files/write-query.ts";
import type { AddAction } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { engineOf, type TableContext } from "../table/table-context.ts";
import { tableInput } from "../table/table-input.ts";

export interface RewriteOptions {
  /** Further inputs of the query. */
  readonly others?: readonly FileInput[];
  /** A column of the result by which files are split, which is not written. */
  readonly splitBy?: string;
  /** Bytes of files that one query takes. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** Writes what a query makes of the files' rows, a batch of files at a time. Where one fails none of the new files stays. */
export async function rewriteFiles(
  table: TableContext,
  state: TableState,
  files: readonly AddAction[],
  sql: string,
  { others = [], splitBy, maxBytes = maxBatchBytes }: RewriteOptions = {},
): Promise<AddAction[]> {
  const { objects, root } = table;
  const written: AddAction[] = [];
  try {
    for (const batch of batches(files, maxBytes)) {
      const inputs = [tableInput(table, state, batch), ...others];
      const options = { ...table, engine: engineOf(table), definition: state, splitBy };
      written.push(...(await writeQuery(options, sql, inputs)));
    }
    return written;
  } catch (error) {
    await deleteQuietly(
      objects,
      written.map((add) => root + add.path),
    );
    throw error;
  }
}
