import { EcapError } from "@ecap/sdk";
import { removeOf } from "../files/file-actions.ts";
import type { Action, AddAction } from "../format/actions.ts";
import { logicalFileKey } from "../format/deletion-vector.ts";
import type { TableState } from "../log/table-state.ts";
import { archiveAppId, archiveStateOf, archiveVersionOf } from "../table/archive.ts";
import { readsAll } from "../table/change.ts";
import { commitChange } from "../table/commit-change.ts";
import { existingTable, placeOf, type TableContext } from "../table/table-context.ts";
import { versionAt } from "../table/table-history.ts";
import { keyOf, type TablePlace } from "../table/table-place.ts";
import { checkWritable } from "../table/writable.ts";
import { maxColumnId, withColumnIds } from "./column-ids.ts";
import { type OperationOptions, type Outcome, unchanged } from "./outcome.ts";

export interface RestoreOptions extends OperationOptions {
  readonly version?: number;
  /** Epoch milliseconds: the last version at or before it. */
  readonly at?: number;
}

/** Makes the table again what it was at a version, as a version of its own. Files that a vacuum removed cannot come back: ECAP_STORAGE_CORRUPT names one. */
export async function restore(table: TableContext, options: RestoreOptions): Promise<Outcome> {
  const state = await existingTable(table);
  checkWritable(state);
  const wanted = await versionToRestore(table, state, options);
  const then = wanted === state.version ? state : await table.log.at(wanted);
  if (!then) throw noVersion(table, options);
  const added = [...then.files.values()].filter((add) => !isSame(add, state.files.get(add.path)));
  const removed = [...state.files.values()].filter((add) => !isSame(add, then.files.get(add.path)));
  const metaData = withColumnIds(then.metaData, maxColumnId(state.metaData));
  const metaDataChanged = JSON.stringify(metaData) !== JSON.stringify(state.metaData);
  const now = table.clock.now();
  const archived = archiveOf(state, then, now);
  const changes = added.length + removed.length + archived.length;
  if (changes === 0 && !metaDataChanged) return unchanged;
  await checkPresent(table, placeOf(table), added);
  if (archived.length > 0) await checkArchive(table, then);
  const metrics = { numRestoredFiles: added.length, numRemovedFiles: removed.length };
  const { version } = await commitChange(table, state, {
    operation: "RESTORE",
    parameters: { version: wanted, ...(options.at === undefined ? {} : { timestamp: options.at }) },
    metrics,
    ...(options.commitInfo ? { info: options.commitInfo } : {}),
    actions: [
      ...(metaDataChanged ? [{ metaData }] : []),
      ...archived,
      ...removed.map((add) => removeOf(add, now)),
      ...added.map((add) => ({ add: { ...add, dataChange: true } })),
    ],
    written: [],
    reads: readsAll,
    readApplications: [archiveAppId],
  });
  return { version, metrics };
}

/** The archive as it belonged to that version belongs to this one. */
function archiveOf(state: TableState, then: TableState, now: number): Action[] {
  const version = archiveVersionOf(then);
  if (version === archiveVersionOf(state)) return [];
  return [{ txn: { appId: archiveAppId, version, lastUpdated: now } }];
}

async function versionToRestore(
  table: TableContext,
  state: TableState,
  options: RestoreOptions,
): Promise<number> {
  const { version, at } = options;
  const wanted = at === undefined ? version : await versionAt(table.log, state, at);
  const exists = wanted !== undefined && Number.isInteger(wanted) && wanted >= 0;
  if (exists && wanted <= state.version) return wanted;
  throw noVersion(table, options);
}

function noVersion({ name }: TableContext, { version, at }: RestoreOptions): EcapError {
  const message = `Table ${name} has no version ${version ?? `at ${at}`}`;
  return new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: version ?? at });
}

function isSame(add: AddAction, other: AddAction | undefined): boolean {
  return other !== undefined && logicalFileKey(add) === logicalFileKey(other);
}

/** What the version needs of the archive must be there too. */
async function checkArchive(table: TableContext, then: TableState): Promise<void> {
  if (archiveVersionOf(then) === 0) return;
  const { archive, name } = table;
  if (archive === undefined) {
    const message = `Table ${name}: a part of that version lies in the table's archive, which is not open here`;
    throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: "archive" });
  }
  const archived = await archiveStateOf(then, archive);
  await checkPresent(table, archive.place, [...(archived?.files.values() ?? [])]);
}

async function checkPresent(
  { name }: TableContext,
  place: TablePlace,
  files: readonly AddAction[],
): Promise<void> {
  const missing = new Set(files.map((add) => keyOf(place, add.path)));
  for await (const { key } of place.objects.list(place.root)) missing.delete(key);
  const [first] = missing;
  if (first === undefined) return;
  const message = `Table ${name}: ${missing.size} files of that version are gone, as after a vacuum`;
  throw new EcapError("ECAP_STORAGE_CORRUPT", message, { path: first });
}
