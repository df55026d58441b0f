import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { queryEngineContract } from "@ecap/sdk/testing";

queryEngineContract("duckdb", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-duckdb-"));
  const objects = fsObjectStore({ dir });
  const tables = deltaTableStore({ objects });
  const engine = duckdbQueryEngine({ tables, objects, threads: 2 });
  const close = async () => {
    await engine.close();
    await tables.close();
    await rm(dir, { recursive: true });
  };
  return { engine, tables, close };
});
