import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbFileEngine, duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fileSecretStore, fsObjectStore } from "@ecap/adapter-fs";
import { lmdbStore } from "@ecap/adapter-lmdb";
import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { pgliteDatabase } from "@ecap/adapter-postgres";
import { tfjsModelTrainer } from "@ecap/adapter-tfjs";
import { treesModelTrainer } from "@ecap/adapter-trees";
import { type AdapterSet, type Clock, type Logger, silentLogger, systemClock } from "@ecap/sdk";
import { mountedObjectStore } from "@ecap/sdk/lake";
import { oneTrainer } from "@ecap/sdk/training";

export interface EmbeddedOptions {
  /** Everything is kept below this folder; one process uses it at a time. */
  readonly dir: string;
  /** Folder of the lake's archive, as on a larger and slower disk. Default: `archive` in that of the lake. */
  readonly archiveDir?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Threads of the query engine. Default: one a core. */
  readonly queryThreads?: number;
  /** Memory of the query engine. Default "1GB". */
  readonly queryMemory?: string;
}

/**
 * Every port in one process, with nothing but npm: log and state in LMDB, rows in PGlite, tables as Delta Lake on the file system, queries by DuckDB,
 * models by ONNX Runtime. The folder: `log/`, `lake/`, `database/`, `temp/`, `secrets.json`.
 */
export function embedded({
  dir,
  archiveDir,
  clock = systemClock,
  logger = silentLogger,
  queryThreads,
  queryMemory = "1GB",
}: EmbeddedOptions): AdapterSet {
  const store = lmdbStore({ dir: join(dir, "log"), clock });
  const lake = fsObjectStore({ dir: join(dir, "lake") });
  const objectStore =
    archiveDir === undefined
      ? lake
      : mountedObjectStore({
          objects: lake,
          at: "archive/",
          mounted: fsObjectStore({ dir: archiveDir }),
        });
  const temporary = join(dir, "temp");
  // Rewrites files on one thread, beside the queries that somebody waits for.
  const fileEngine = duckdbFileEngine({ objects: objectStore, threads: 1, workDir: temporary });
  const tableStore = deltaTableStore({ objects: objectStore, engine: fileEngine, clock, logger });
  const queryEngine = duckdbQueryEngine({
    tables: tableStore,
    objects: objectStore,
    memoryLimit: queryMemory,
    tempDir: temporary,
    ...(queryThreads !== undefined && { threads: queryThreads }),
  });
  const database = pgliteDatabase({ dir: join(dir, "database") });
  const modelRuntime = onnxModelRuntime();
  return {
    name: "embedded",
    clock,
    eventLog: store.eventLog,
    stateStore: store.stateStore,
    committer: store.committer,
    objectStore,
    tableStore,
    queryEngine,
    database,
    modelRuntime,
    modelTrainer: oneTrainer(tfjsModelTrainer(), treesModelTrainer()),
    secretStore: fileSecretStore({ file: join(dir, "secrets.json") }),
    async close() {
      // The log last, and also where another cannot close: it holds the lock of the folder.
      const closed = await Promise.allSettled([
        queryEngine.close(),
        tableStore.close(),
        fileEngine.close(),
        database.close(),
      ]);
      await store.close();
      const failed = closed.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason as Error;
    },
  };
}
