import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { Query, ResultRow } from "@ecap/sdk";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

describe("a query by a hostile author", () => {
  let dir: string;
  let close: () => Promise<void>;
  let rows: (sql: string, more?: Partial<Query>) => Promise<readonly ResultRow[]>;
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
    rows = async (sql, more = {}) =>
      (await engine.query({ sql, tenant: "mine", tables: { orders: {} }, ...more })).rows;
    const beside = [{ tenant: "theirs", id: "their secret, not yet written" }];
    const theirs = { sql: "FROM orders", tenant: "theirs", tables: { orders: { rows: beside } } };
    expect((await engine.query(theirs)).rows).toHaveLength(2);
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
    ["looks at the other's rows that lie beside", () => "SELECT * FROM memory.main.rows_0"],
    ["names them alone", () => "SELECT * FROM rows_0"],
    ["names its view by its place", () => "SELECT * FROM temp.main.orders"],
    ["reads the schema of information", () => "SELECT * FROM information_schema.columns"],
    ["reads it by its catalogue", () => "SELECT * FROM system.information_schema.tables"],
    ["asks a macro for the view", () => "SELECT pg_get_viewdef(o) FROM range(10000) t(o)"],
    ["asks it by its place", () => "SELECT main.pg_get_viewdef(o) FROM range(10000) t(o)"],
    ["asks it as a method", () => "SELECT (1).pg_get_viewdef()"],
    ["asks a table macro", () => `SELECT * FROM histogram('${secretFile}', id)`],
    ["asks for the environment", () => "SELECT getenv('PATH')"],
    ["asks for it as a method", () => "SELECT 'PATH'.getenv()"],
    [
      "asks for it in a filter",
      () => "SELECT count(*) FILTER (WHERE getenv('PATH') > '') FROM orders",
    ],
    ["asks for it in a window", () => "SELECT sum(length(getenv('PATH'))) OVER () FROM orders"],
    ["asks for it in a lambda", () => "SELECT list_transform([1], lambda x: getenv('PATH'))"],
    ["asks for it in a limit", () => "SELECT 1 LIMIT length(getenv('PATH'))"],
    ["asks for it in an order", () => "SELECT 1 ORDER BY getenv('PATH')"],
    ["asks for it in a row of VALUES", () => "FROM (VALUES (getenv('PATH'))) t(x)"],
    ["waits", () => "SELECT sleep_ms(100000)"],
    ["sets the seed of others", () => "SELECT setseed(0.5)"],
    ["writes to the engine's log", () => "SELECT write_log('x')"],
    ["reads the engine's log", () => "SELECT * FROM duckdb_logs()"],
    ["counts on a sequence", () => "SELECT nextval('s')"],
    ["deletes in a WITH", () => "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x"],
    ["exports the database", () => `EXPORT DATABASE '${dir}/out'`],
    ["begins a transaction", () => "BEGIN"],
    ["prepares", () => "PREPARE x AS SELECT 1"],
    ["explains", () => "EXPLAIN ANALYZE SELECT * FROM orders"],
    ["summarizes", () => "SUMMARIZE orders"],
    ["hides a file behind time travel", () => `SELECT * FROM "${secretFile}" VERSION AS OF 0`],
    [
      "hides a system table behind time travel",
      () => "SELECT * FROM sqlite_master VERSION AS OF 0",
    ],
    [
      "breaks out of the name that time travel makes",
      () => `SELECT * FROM "orders"" VERSION AS OF 0; FROM sqlite_master --" VERSION AS OF 0`,
    ],
    ["travels by DuckDB's own syntax", () => "SELECT * FROM orders AT (VERSION => 0)"],
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

  it("may call no function that knows more than its arguments, whichever the engine has", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const listed = await connection.runAndReadAll(`
      SELECT DISTINCT function_name FROM duckdb_functions()
      WHERE function_type IN ('scalar', 'macro') AND regexp_matches(function_name, '^[a-z]')
        AND (stability <> 'CONSISTENT' OR regexp_matches(macro_definition, 'SELECT|current_|sleep|"system"'))
      ORDER BY 1`);
    const functions = listed.getRows().map(([name]) => String(name));
    const knowing = functions.filter((name) => !harmless.has(name));
    expect(knowing.length).toBeGreaterThan(10);
    for (const name of knowing) {
      const message = expect.stringContaining("is not allowed");
      await expect(rows(`SELECT "${name}"()`), name).rejects.toMatchObject({ message });
    }
  });

  it("gets nothing of another's out of any statement (fuzzed by a grammar)", async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(hostileStatement, async (written) => {
        const statement = written.replaceAll("$", secretFile);
        const answer = rows(statement, { timeoutMs: 10_000 });
        const told = await answer.catch((error: unknown) => {
          const code = expect.stringMatching(/^ECAP_(QUERY_.*|TABLE_NOT_FOUND)$/);
          expect(error, statement).toMatchObject({ code });
          return undefined;
        });
        if (told === undefined) return;
        answered++;
        expect(JSON.stringify(told), statement).not.toMatch(/their secret|lake|parquet|bin:/);
      }),
      { numRuns: 400 },
    );
    expect(answered).toBeGreaterThan(20);
    expect(await rows("SELECT id FROM orders")).toEqual([{ id: "my order" }]);
  });
});

/** They tell the time or the role, or make something up. */
const harmless = new Set(
  "ago current_date current_user error gen_random_uuid get_current_time get_current_timestamp now random today transaction_timestamp user uuid uuidv4 uuidv7".split(
    " ",
  ),
);

const oneOf = (list: string) => fc.constantFrom(...list.split("|"));

/** Statements of nested queries over what may be read and what may not; `$` is the path of a file. */
const { select: hostileStatement } = fc.letrec<{ from: string; select: string }>((tie) => {
  const [from, select] = [tie("from"), tie("select")];
  const depth = { maxDepth: 3, depthIdentifier: "sql" };
  const tables =
    "orders|orders o|orders VERSION AS OF 0|range(3)|rows_0|memory.main.rows_0|temp.orders|sqlite_master|duckdb_views()|duckdb_settings()|information_schema.tables|pg_catalog.pg_views|glob('**')|x|secret";
  const files = [
    "read_parquet('$')",
    "parquet_scan(['$'])",
    "'$'",
    '"$"',
    "read_blob('$')",
    "query('FROM \"$\"')",
    "query_table('$')",
  ];
  const values = "getenv('PATH')|current_setting('allowed_directories')|pg_get_viewdef(1)|1";
  const names = "x|secret|orders|rows_0|sqlite_master";
  const ends = "; SELECT 1| --| /*|) UNION (SELECT 1|";
  return {
    from: fc.oneof(
      depth,
      oneOf(tables),
      fc.constantFrom(...files),
      select.map((below) => `(${below}) s`),
      fc.tuple(from, from).map(([a, b]) => `${a} CROSS JOIN ${b}`),
      select.map((below) => `orders o, LATERAL (${below})`),
    ),
    select: fc.oneof(
      depth,
      from.map((table) => `SELECT * FROM ${table}`),
      from.map((table) => `SELECT count(*) AS n FROM ${table} WHERE true`),
      oneOf(values).map((value) => `SELECT ${value} AS id FROM orders`),
      fc.tuple(select, select).map(([a, b]) => `${a} UNION ALL BY NAME ${b}`),
      fc.tuple(oneOf(names), select, select).map(([name, a, b]) => `WITH ${name} AS (${a}) ${b}`),
      fc
        .tuple(select, select)
        .map(([a, b]) => `SELECT (${a} LIMIT 1) AS id, EXISTS (${b}) AS it FROM orders`),
      fc.tuple(select, oneOf(ends)).map(([a, end]) => a + end),
    ),
  };
});
