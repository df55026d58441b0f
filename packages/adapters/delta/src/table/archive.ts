import { EcapError, type TableSnapshot } from "@ecap/sdk";
import { parseSchema } from "../format/schema.ts";
import type { DeltaLog } from "../log/delta-log.ts";
import type { TableState } from "../log/table-state.ts";
import type { TablePlace } from "./table-place.ts";
import { tableFile } from "./table-snapshot.ts";

/** The Delta table that holds the old partitions of another. */
export interface Archive {
  readonly place: TablePlace;
  readonly log: DeltaLog;
}

/**
 * The application under which a table says which version of its archive belongs to it. Its own version 0 is the archive without rows.
 * So one commit of the table moves rows between the two: whoever reads the table at a version reads the archive at the one that it names.
 */
export const archiveAppId = "ecap-archive";

export function archiveVersionOf(state: TableState): number {
  return state.transactions.get(archiveAppId)?.version ?? 0;
}

/** The archive as it belongs to the table's state; undefined where nothing of it is archived. */
export async function archiveStateOf(
  state: TableState,
  { log, place }: Archive,
): Promise<TableState | undefined> {
  const version = archiveVersionOf(state);
  if (version === 0) return undefined;
  const archived = await log.at(version);
  if (archived) return archived;
  const message = `Table ${place.table}: version ${version} of its archive, which its version ${state.version} needs, is not there`;
  throw new EcapError("ECAP_TABLE_CORRUPT", message, { path: place.root });
}

const wholes = new WeakMap<TableSnapshot, TableSnapshot>();

/** The snapshot with the archived files, which are read by the table's own schema; made once. */
export async function withArchive(
  own: TableSnapshot,
  state: TableState,
  archive: Archive,
): Promise<TableSnapshot> {
  const known = wholes.get(own);
  if (known) return known;
  const archived = await archiveStateOf(state, archive);
  if (!archived) return own;
  const schema = parseSchema(state);
  const files = [...archived.files.values()].map((add) => tableFile(archive.place, schema, add));
  const whole = { ...own, files: [...files, ...own.files] };
  wholes.set(own, whole);
  return whole;
}
