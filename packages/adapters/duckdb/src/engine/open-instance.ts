import { dirname } from "node:path";
import type * as duckdb from "@duckdb/node-api";
import { EcapError, type ObjectStore } from "@ecap/sdk";
import { text } from "../lake/sql.ts";

export interface InstanceOptions {
  readonly objects: ObjectStore;
  readonly threads: number | undefined;
  readonly memoryLimit: string | undefined;
  readonly tempDir: string | undefined;
  /** Folders whose files it may read and write beside those of the store. */
  readonly folders?: readonly string[];
}

export interface Opened {
  readonly api: typeof duckdb;
  readonly instance: duckdb.DuckDBInstance;
}

/** An in-memory database that can open the files of the object store, its own temporary files and nothing else, for good. */
export async function openInstance(options: InstanceOptions): Promise<Opened> {
  const api = await load();
  const instance = await api.DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const { threads, memoryLimit, tempDir, objects, folders = [] } = options;
  const own =
    objects.localFolders ?? (objects.localPath ? [dirname(objects.localPath("root"))] : []);
  const allowed = [...own, ...folders].map((folder) => text(`${folder}/`));
  // Those of a session hold for all sessions only where they are set so.
  const settings = [
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL Calendar = 'gregorian'",
    "SET GLOBAL parquet_metadata_cache = true",
    // The time that planning takes grows with a power of the depth, and nothing interrupts it.
    "SET GLOBAL max_expression_depth = 250",
    ...(threads === undefined ? [] : [`SET threads = ${Math.max(1, Math.floor(threads))}`]),
    ...(memoryLimit === undefined ? [] : [`SET memory_limit = ${text(memoryLimit)}`]),
    `SET temp_directory = ${text(tempDir ?? "")}`,
    `SET allowed_directories = [${allowed.join(", ")}]`,
    "SET enable_external_access = false",
    "SET lock_configuration = true",
  ];
  for (const setting of settings) await connection.run(setting);
  connection.closeSync();
  return { api, instance };
}

async function load(): Promise<typeof duckdb> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    const message = "Install @duckdb/node-api to query the lake with DuckDB";
    throw new EcapError("ECAP_DEPENDENCY_NOT_INSTALLED", message, { cause });
  }
}
