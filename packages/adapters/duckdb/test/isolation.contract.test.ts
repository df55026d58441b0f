import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("a query by a hostile author", () => {
  let dir: string;
  let close: () => Promise<void>;
  let rows: (sql: string) => Promise<unknown>;
  let secretFile: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-hostile-"));
    const objects = fsObjectStore({ dir: join(dir, "lake") });
    const tables = deltaTableStore({ objects });
    await tables.ensure("orders", {
      columns: [
        { name: "tenant", type: "string" },
        { name: "id", type: "string" },
      ],
      partitionBy: ["tenant"],
    });
    await tables.append("orders", [
      { tenant: "mine", id: "my order" },
      { tenant: "theirs", id: "their secret" },
    ]);
    const { files } = await tables.snapshot("orders");
    secretFile = objects.localPath(
      files.find((f) => f.partition["tenant"] === "theirs")?.key ?? "",
    );
    await writeFile(join(dir, "outside.csv"), "a\nsecret\n");
    const engine = duckdbQueryEngine({ tables, objects });
    rows = async (sql) =>
      (await engine.query({ sql, tenant: "mine", tables: { orders: {} } })).rows;
    close = async () => {
      await engine.close();
      await tables.close();
      await rm(dir, { recursive: true });
    };
  });
  afterAll(() => close());

  it.each([
    ["reads a file of another tenant", () => `SELECT * FROM read_parquet('${secretFile}')`],
    ["names a file as a table", () => `SELECT * FROM '${secretFile}'`],
    ["names a file as a quoted table", () => `SELECT * FROM "${secretFile}"`],
    [
      "hides it in a subquery",
      () => `SELECT * FROM orders WHERE id IN (SELECT id FROM parquet_scan('${secretFile}'))`,
    ],
    [
      "names a system table in a WITH before that of its name",
      () => "WITH a AS (SELECT * FROM sqlite_master), sqlite_master AS (SELECT 1) SELECT * FROM a",
    ],
    [
      "names a system table in the WITH of its name",
      () => "WITH sqlite_master AS (SELECT sql FROM sqlite_master) SELECT * FROM sqlite_master",
    ],
    [
      "names a system table where a recursion begins",
      () =>
        "WITH RECURSIVE sqlite_master AS (SELECT sql FROM sqlite_master UNION ALL SELECT sql FROM sqlite_master) FROM sqlite_master",
    ],
    [
      "names a system table outside of the WITH of its name",
      () =>
        "SELECT s.sql FROM (WITH sqlite_master AS (SELECT 1) SELECT * FROM sqlite_master) x, sqlite_master s",
    ],
    ["hides it in WITH", () => `WITH x AS (FROM read_parquet('${secretFile}')) SELECT * FROM x`],
    [
      "hides it in a lateral join",
      () => `SELECT * FROM orders, LATERAL (SELECT * FROM read_blob('${secretFile}'))`,
    ],
    ["hides it in EXISTS", () => `SELECT EXISTS (SELECT 1 FROM glob('${dir}/**')) FROM orders`],
    [
      "runs text as a query",
      () => `SELECT * FROM query('SELECT * FROM read_parquet(''${secretFile}'')')`,
    ],
    ["runs text as a table", () => `SELECT * FROM query_table('${secretFile}')`],
    ["uses a pivot", () => `PIVOT read_parquet('${secretFile}') ON id`],
    [
      "unions",
      () => `SELECT id FROM orders UNION ALL SELECT id FROM read_parquet('${secretFile}')`,
    ],
    ["lists files", () => `SELECT * FROM glob('${dir}/**')`],
    ["reads a file outside", () => `SELECT * FROM read_csv('${dir}/outside.csv')`],
    ["reads text of a file", () => `SELECT * FROM read_text('/etc/passwd')`],
    ["copies to a file", () => `COPY orders TO '${dir}/lake/stolen.csv'`],
    ["attaches", () => `ATTACH '${dir}/lake/x.db'`],
    ["loads an extension", () => "INSTALL httpfs"],
    ["changes a setting", () => "SET enable_external_access = true"],
    ["looks at settings", () => "SELECT * FROM duckdb_settings()"],
    ["looks at one setting", () => "SELECT current_setting('allowed_directories')"],
    ["looks at the view", () => "SELECT sql FROM duckdb_views()"],
    ["describes", () => "SELECT * FROM (DESCRIBE orders)"],
    ["looks at the catalogue", () => "SELECT * FROM pg_catalog.pg_views"],
    ["looks at the master table", () => "SELECT * FROM sqlite_master"],
    [
      "replaces the view",
      () => `CREATE OR REPLACE TEMP VIEW orders AS FROM read_parquet('${secretFile}')`,
    ],
    ["makes a macro", () => `CREATE MACRO orders() AS TABLE FROM read_parquet('${secretFile}')`],
    ["adds a statement", () => `SELECT 1; SELECT * FROM read_parquet('${secretFile}')`],
    ["calls a procedure", () => `CALL pragma_version()`],
    [
      "runs a serialised query",
      () => "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    ],
  ])("that %s is refused", async (_, sql) => {
    await expect(rows(sql())).rejects.toMatchObject({ code: "ECAP_QUERY_INVALID" });
    expect(await rows("SELECT id FROM orders")).toEqual([{ id: "my order" }]);
    expect(await readdir(join(dir, "lake"))).not.toContain("stolen.csv");
  });

  it("may still shadow a table's name in its own WITH", async () => {
    const sql = "WITH orders AS (SELECT id || '!' AS id FROM orders) SELECT id FROM orders";
    expect(await rows(sql)).toEqual([{ id: "my order!" }]);
  });
});
