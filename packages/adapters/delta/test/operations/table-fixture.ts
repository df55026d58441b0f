import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore, type OpenDeltaTableOptions, openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine, duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ObjectStore } from "@ecap/sdk";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { tenant } from "./rows.ts";

export * from "./rows.ts";

/** An empty folder, what works on tables there, and a reader that shares nothing with the writer. */
export async function tableFixture() {
  const dir = await mkdtemp(join(tmpdir(), "ecap-delta-operations-"));
  const objects = fsObjectStore({ dir });
  const engine = duckdbFileEngine({ objects, threads: 1 });
  const tables = deltaTableStore({ objects });
  const queries = duckdbQueryEngine({ tables, objects, threads: 1 });
  const opened: Array<{ close(): Promise<void> }> = [];
  return {
    dir,
    objects,
    engine,
    tables,
    /** Another writer's view of the table of a name. */
    open(path = "t", options: Partial<OpenDeltaTableOptions> = {}) {
      const table = openDeltaTable({ objects, engine, root: `${path}/`, name: path, ...options });
      opened.push(table);
      return table;
    },
    /** The rows at a version, by id. */
    async rows(table = "t", version?: number) {
      const when = version === undefined ? {} : { version };
      const sql = `SELECT * EXCLUDE (tenant) FROM "${table}" ORDER BY id`;
      const result = await queries.query({ sql, tenant, tables: { [table]: when } });
      return result.rows;
    },
    keys: (prefix: string) => keysOf(objects, prefix),
    async close() {
      await Promise.all(opened.map((table) => table.close()));
      await queries.close();
      await tables.close();
      await engine.close();
      await rm(dir, { recursive: true });
    },
  };
}

export type TableFixture = Awaited<ReturnType<typeof tableFixture>>;

/** A fixture for the tests of a suite, opened before the first and closed after the last, and a path that no other of them has. */
export function suiteTables() {
  let opened: TableFixture | undefined;
  let count = 0;
  beforeAll(async () => {
    opened = await tableFixture();
  });
  beforeEach(() => {
    count += 1;
  });
  afterAll(() => opened?.close());
  return {
    get fixture(): TableFixture {
      if (!opened) throw new Error("the suite has not begun");
      return opened;
    },
    get path() {
      return `t${count}`;
    },
  };
}

async function keysOf(objects: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys;
}
