import type { ObjectStore, TableCommit, TableSnapshot } from "@ecap/sdk";
import { deltaLog } from "./log/delta-log.ts";
import { parquetCodec } from "./parquet/parquet-codec.ts";
import type { HistoryOptions } from "./table/table-history.ts";
import { tableReader } from "./table/table-reader.ts";

export interface DeltaTableReaderOptions {
  readonly objects: ObjectStore;
  /** Key prefix of the table, ending in `/`. Default: the store holds the table and nothing else. */
  readonly root?: string;
  /** Key prefix of the table's archive, where it may have one. */
  readonly archiveRoot?: string;
  /** What errors call the table. */
  readonly name: string;
}

export interface DeltaTableReader {
  /** The newest version, the named one, or the last one at or before `at` (epoch milliseconds). */
  snapshot(when?: { readonly version?: number; readonly at?: number }): Promise<TableSnapshot>;
  /** Newest first. */
  history(options?: HistoryOptions): Promise<readonly TableCommit[]>;
  close(): Promise<void>;
}

/** Reads one Delta table wherever it lies and whoever wrote it. */
export function deltaTableReader(options: DeltaTableReaderOptions): DeltaTableReader {
  const { objects, root = "", archiveRoot, name: table } = options;
  const codec = parquetCodec({ threads: 1, idleMs: 1_000 });
  const partAt = (at: string) => ({
    place: { objects, root: at, table },
    log: deltaLog({ objects, codec, root: at, table }),
  });
  const { place, log } = partAt(root);
  const archive = archiveRoot === undefined ? undefined : partAt(archiveRoot);
  const reader = tableReader(place, log, archive);
  return {
    snapshot: (when = {}) => reader.snapshot(when),
    history: (when = {}) => reader.history(when),
    close: () => codec.close(),
  };
}
