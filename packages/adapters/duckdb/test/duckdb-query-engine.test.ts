import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { memoryObjectStore } from "@ecap/sdk/memory";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const schema = {
  columns: [
    { name: "tenant", type: "string" },
    { name: "date", type: "date" },
    { name: "n", type: "integer" },
  ],
  partitionBy: ["tenant", "date"],
} as const;

describe("duckdbQueryEngine", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-engine-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it("says which data file is broken or gone, and that it is not the query's fault", async () => {
    const objects = fsObjectStore({ dir });
    const tables = deltaTableStore({ objects });
    const engine = duckdbQueryEngine({ tables, objects });
    await tables.ensure("broken", schema);
    await tables.append("broken", [{ tenant: "acme", date: "2026-01-01", n: 1 }]);
    const ask = (sql = "SELECT sum(n) AS n FROM broken") =>
      engine.query({ sql, tenant: "acme", tables: { broken: {} } });
    const { files } = await tables.snapshot("broken");
    const path = objects.localPath(files[0]?.key ?? "");
    const corrupt = { code: "ECAP_STORAGE_CORRUPT", message: expect.stringContaining("part-") };
    await truncate(path, 50);
    await expect(ask()).rejects.toMatchObject(corrupt);
    await writeFile(path, "not a Parquet file at all, but long enough to be one");
    await expect(ask()).rejects.toMatchObject(corrupt);
    await rm(path);
    await expect(ask()).rejects.toMatchObject(corrupt);
    await engine.close();
    await tables.close();
    await expect(ask()).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
  });

  it("closes while queries and streams are under way: each ends, or is given up", async () => {
    const objects = fsObjectStore({ dir });
    const tables = deltaTableStore({ objects });
    const row = { tenant: "acme", date: "2026-01-01", n: 1 };
    await tables.ensure("closing", schema);
    await tables.append("closing", [row]);
    let givenUp = 0;
    for (let round = 0; round < 20; round += 1) {
      const engine = duckdbQueryEngine({ tables, objects });
      const query = (n: number) => ({
        // Each is another statement, which has to be read.
        sql: `SELECT sum(n + ${n}) AS n FROM closing`,
        tenant: "acme",
        tables: { closing: { rows: [{ ...row, n }] } },
      });
      await engine.query(query(-1));
      const answers = Array.from({ length: 30 }, (_, n) =>
        n % 3 === 0 ? engine.stream(query(n)) : engine.query(query(n)),
      );
      const ends = Promise.allSettled(answers);
      await sleep(round);
      await engine.close();
      for (const end of await ends) {
        if (end.status === "fulfilled") continue;
        givenUp += 1;
        expect(end.reason).toMatchObject({ code: "ECAP_QUERY_ABORTED" });
      }
    }
    expect(givenUp).toBeGreaterThan(0);
    await tables.close();
  });

  it("fails one query that needs more memory than there is, and goes on", async () => {
    const objects = fsObjectStore({ dir });
    const tables = deltaTableStore({ objects });
    const engine = duckdbQueryEngine({ tables, objects, memoryLimit: "40MB", threads: 1 });
    const ask = (sql: string) => engine.query({ sql, tenant: "acme", tables: {} });
    const large = "SELECT count(DISTINCT hash(x)) AS n FROM range(20000000) t(x)";
    await expect(ask(large)).rejects.toMatchObject({
      code: "ECAP_QUERY_INVALID",
      message: expect.stringMatching(/memory/i),
    });
    expect((await ask("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await engine.close();
    await tables.close();
  });

  it("gives up waiting for a busy connection at the time limit", async () => {
    const objects = fsObjectStore({ dir });
    const tables = deltaTableStore({ objects });
    const engine = duckdbQueryEngine({ tables, objects, connections: 1 });
    const slow =
      "SELECT count(*) AS n FROM range(100000) a(x), range(1000000) b(y) WHERE (x * y) % 7 = 3";
    const ask = (sql: string, timeoutMs: number) =>
      engine.query({ sql, tenant: "acme", tables: {}, timeoutMs });
    const first = ask(slow, 600);
    const second = ask("SELECT 1 AS one", 200);
    await expect(second).rejects.toMatchObject({ code: "ECAP_QUERY_TIMEOUT" });
    await expect(first).rejects.toMatchObject({ code: "ECAP_QUERY_TIMEOUT" });
    expect((await ask("SELECT 1 AS one", 5_000)).rows).toEqual([{ one: 1 }]);
    await engine.close();
    await tables.close();
  });

  it("needs a store with files", async () => {
    const objects = memoryObjectStore();
    const tables = deltaTableStore({ objects });
    const engine = duckdbQueryEngine({ tables, objects });
    await tables.ensure("t", schema);
    const ask = () => engine.query({ sql: "SELECT n FROM t", tenant: "acme", tables: { t: {} } });
    expect((await ask()).rows).toEqual([]);
    await tables.append("t", [{ tenant: "acme", date: "2026-01-01", n: 1 }]);
    await expect(ask()).rejects.toMatchObject({ code: "ECAP_CONFIG_INVALID" });
    await engine.close();
    await tables.close();
  });
});
