import { dirname } from "node:path";
import type * as duckdb from "@duckdb/node-api";
import { EcapError, type ObjectStore } from "@ecap/sdk";
import { text } from "../lake/sql.ts";

export interface InstanceOptions {
  readonly objects: ObjectStore;
  readonly threads: number | undefined;
  readonly memoryLimit: string | undefined;
  readonly tempDir: string | undefined;
  /** A folder outside the store's that results are written to. */
  readonly outputDir?: string | undefined;
}

export interface Opened {
  readonly api: typeof duckdb;
  readonly instance: duckdb.DuckDBInstance;
}

/** An in-memory database that can open the files of the object store, those of the folders it may write to and nothing else, for good. */
export async function openInstance(options: InstanceOptions): Promise<Opened> {
  const api = await load();
  const instance = await api.DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const { threads, memoryLimit, tempDir, outputDir, objects } = options;
  const root = objects.localPath && dirname(objects.localPath("root"));
  const folders = [root, outputDir].filter((folder) => folder !== undefined);
  const settings = [
    "SET TimeZone = 'UTC'",
    "SET Calendar = 'gregorian'",
    "SET parquet_metadata_cache = true",
    ...(threads === undefined ? [] : [`SET threads = ${Math.max(1, Math.floor(threads))}`]),
    ...(memoryLimit === undefined ? [] : [`SET memory_limit = ${text(memoryLimit)}`]),
    `SET temp_directory = ${text(tempDir ?? "")}`,
    `SET allowed_directories = [${folders.map((folder) => text(`${folder}/`)).join(", ")}]`,
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
