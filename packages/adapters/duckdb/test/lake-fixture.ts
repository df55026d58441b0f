import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import {
  type DuckdbQueryEngine,
  type DuckdbQueryEngineOptions,
  duckdbQueryEngine,
} from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { TableStore } from "@ecap/sdk";

export interface LakeFixture {
  readonly dir: string;
  readonly tables: TableStore;
  readonly engine: DuckdbQueryEngine;
  close(): Promise<void>;
}

/** An engine over an empty lake in a folder of its own. */
export async function lakeFixture(
  options: Partial<DuckdbQueryEngineOptions> = {},
): Promise<LakeFixture> {
  const dir = await mkdtemp(join(tmpdir(), "ecap-lake-"));
  const objects = fsObjectStore({ dir });
  const tables = deltaTableStore({ objects });
  const engine = duckdbQueryEngine({ tables, objects, threads: 2, ...options });
  const close = async () => {
    await engine.close();
    await tables.close();
    await rm(dir, { recursive: true });
  };
  return { dir, tables, engine, close };
}
