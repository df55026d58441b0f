import { EcapError } from "@ecap/sdk";
import { deletionVectorPath } from "../format/deletion-vector.ts";
import { inOrder } from "../log/in-order.ts";
import type { TableState } from "../log/table-state.ts";
import { existingTable, placeOf, type TableContext } from "../table/table-context.ts";
import { keyOf } from "../table/table-place.ts";
import { removedFileRetentionMs } from "../table/table-properties.ts";
import { checkWritable } from "../table/writable.ts";

export interface VacuumOptions {
  /** Files removed from the table less than this long ago stay. Default: the table's `delta.deletedFileRetentionDuration`, else a week. */
  readonly retentionMs?: number;
  /** Only tells what it would remove. */
  readonly dryRun?: boolean;
  /** Allows a shorter retention than the table's, which breaks readers of old versions and writers under way. */
  readonly force?: boolean;
}

export interface VacuumReport {
  /** Keys of the removed files, ascending. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Removes files below the table that no version needs which is younger than the retention: those of old versions, and those of writers that never
 * committed. Files and folders whose name begins with `_` or `.` are left alone, as the protocol has it, unless the folder is of a partition.
 */
export async function vacuum(table: TableContext, options: VacuumOptions): Promise<VacuumReport> {
  const { objects, root, clock } = table;
  const state = await existingTable(table);
  checkWritable(state);
  const before = clock.now() - retentionMs(table, state, options);
  const needed = neededKeys(table, state, before);
  const files: string[] = [];
  let bytes = 0;
  for await (const { key, size, modifiedAt } of objects.list(root)) {
    const path = key.slice(root.length);
    if (needed.has(key) || modifiedAt >= before || (isHidden(path) && !isOfChanges(path))) continue;
    files.push(key);
    bytes += size;
  }
  if (options.dryRun !== true) await inOrder(files, (key) => objects.delete(key));
  return { files, bytes };
}

function retentionMs(
  { name }: TableContext,
  { metaData }: TableState,
  { retentionMs: wanted, force = false }: VacuumOptions,
): number {
  const least = removedFileRetentionMs(metaData);
  if (wanted === undefined) return least;
  if (wanted >= least || (force && wanted >= 0)) return wanted;
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `Table ${name} keeps removed files for ${least} ms; a vacuum that keeps them shorter needs force`,
    { received: wanted, path: "retentionMs" },
  );
}

/** Files of the newest version, and those removed less than the retention ago. */
function neededKeys(table: TableContext, state: TableState, before: number): ReadonlySet<string> {
  const recent = [...state.tombstones.values()].filter(
    (remove) => remove.deletionTimestamp >= before,
  );
  const logical = [...state.files.values(), ...recent];
  const vectors = logical.flatMap(({ deletionVector }) =>
    deletionVector ? (deletionVectorPath(deletionVector) ?? []) : [],
  );
  const paths = [...logical.map(({ path }) => path), ...vectors];
  return new Set(paths.map((path) => keyOf(placeOf(table), path)));
}

/** Files of changes are in no version's list: they stay as long as files that were removed when they were written. */
function isOfChanges(path: string): boolean {
  return path.startsWith("_change_data/");
}

/** Whether a part of the path begins with `_` or `.` and is no folder of a partition. */
export function isHidden(path: string): boolean {
  return path.split("/").some((part) => /^[._]/.test(part) && !/^_[^/]*=/.test(part));
}
