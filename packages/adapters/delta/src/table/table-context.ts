import { type Clock, EcapError, type FileEngine, type Logger, type ObjectStore } from "@ecap/sdk";
import { deleteQuietly } from "../files/write-files.ts";
import { type DeltaLog, deltaLog } from "../log/delta-log.ts";
import type { TableState } from "../log/table-state.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import type { Archive } from "./archive.ts";
import type { TablePlace } from "./table-place.ts";

/** One table and what its operations work with. */
export interface TableContext {
  readonly name: string;
  /** Key prefix of the table, ending in `/`. */
  readonly root: string;
  readonly objects: ObjectStore;
  readonly log: DeltaLog;
  readonly codec: ParquetCodec;
  /** Needed only by operations that look at rows. */
  readonly engine: FileEngine | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Versions between checkpoints, where the table does not say. */
  readonly checkpointInterval: number;
  /** Where its old partitions are. */
  readonly archive?: Archive;
  /** Runs steps of this process one after another. */
  inTurn<T>(step: () => Promise<T>): Promise<T>;
}

/** One table with a log and turns of its own. */
export function tableContext({
  archiveRoot,
  ...options
}: Omit<TableContext, "log" | "archive" | "inTurn"> & {
  /** Key prefix of the table's archive, where it may have one. */
  readonly archiveRoot: string | undefined;
}): TableContext {
  const { objects, codec, root, name } = options;
  const partAt = (at: string): Archive => {
    const place = { objects, root: at, table: name };
    return { place, log: deltaLog({ ...place, codec }) };
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...options,
    log: partAt(root).log,
    ...(archiveRoot !== undefined && { archive: partAt(archiveRoot) }),
    inTurn(step) {
      const result = last.then(step);
      last = result.catch(() => {});
      return result;
    },
  };
}

/** The newest state; ECAP_TABLE_NOT_FOUND where there is no table. */
export async function existingTable({ name, log }: TableContext): Promise<TableState> {
  const state = await log.newest();
  if (state) return state;
  throw new EcapError("ECAP_TABLE_NOT_FOUND", `There is no table ${name}`, { received: name });
}

/** The engine; ECAP_CONFIG_INVALID where the table was opened without one. */
export function engineOf({ name, engine }: TableContext): FileEngine {
  if (engine) return engine;
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `Table ${name}: this operation looks at rows, so give the table an engine, as duckdbFileEngine`,
  );
}

export function placeOf({ objects, root, name }: TableContext): TablePlace {
  return { objects, root, table: name };
}

/** Removes files that no commit names for sure. */
export async function forgetFiles(
  { objects, root }: TableContext,
  paths: readonly string[],
): Promise<void> {
  await deleteQuietly(
    objects,
    paths.map((path) => root + path),
  );
}
