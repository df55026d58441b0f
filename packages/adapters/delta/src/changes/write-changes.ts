import type { FileInput } from "@ecap/sdk";
import { batches, maxBatchBytes } from "../files/file-actions.ts";
import { storeQuery } from "../files/store-query.ts";
import { fileColumns } from "../files/table-fields.ts";
import type { AddAction, CdcAction } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { engineOf, forgetFiles, type TableContext } from "../table/table-context.ts";
import { tableInput, target } from "../table/table-input.ts";
import { changeTypeColumn, keepsChanges } from "./change-data.ts";

/** Changed rows of files: a query over them that gives every column of the table and `_change_type`. */
export interface ChangedRows {
  readonly files: readonly AddAction[];
  readonly sql: string;
  readonly others?: readonly FileInput[];
}

/**
 * Writes files of changed rows where the table keeps a change data feed. A commit with such files must have all its changes in them; what it needs
 * none for is whole files that come or go, which readers see by themselves.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#change-data-files
 */
export async function writeChanges(
  table: TableContext,
  state: TableState,
  changes: readonly ChangedRows[],
): Promise<CdcAction[]> {
  if (!keepsChanges(state)) return [];
  const { objects, root } = table;
  const place = { engine: engineOf(table), objects, root, pathStart: () => pathStart };
  const columns = [...fileColumns(state), changeTypeColumn];
  const output = { columns, partitionBy: state.metaData.partitionColumns, constraints: [] };
  const written: CdcAction[] = [];
  try {
    for (const { files, sql, others = [] } of changes) {
      for (const batch of batches(files, maxBatchBytes)) {
        const inputs = [tableInput(table, state, batch), ...others];
        for (const { path, partition, size } of await storeQuery(place, { sql, inputs }, output)) {
          written.push({ path, partitionValues: partition, size, dataChange: false });
        }
      }
    }
    return written;
  } catch (error) {
    await forgetFiles(
      table,
      written.map(({ path }) => path),
    );
    throw error;
  }
}

/** Without folders of partitions: delta-rs does not decode their names in paths of change files. */
const pathStart = "_change_data/cdc-00000";

/** Every row of files that were written, as inserted. */
export function insertedRows(files: readonly AddAction[]): ChangedRows {
  return { files, sql: `SELECT *, 'insert' AS _change_type FROM ${target}` };
}
