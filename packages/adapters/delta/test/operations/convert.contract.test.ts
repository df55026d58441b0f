import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { fsObjectStore } from "@ecap/adapter-fs";
import { describe, expect, it } from "vitest";
import { suiteTables } from "./table-fixture.ts";

const copy = (id: number, folder: string) =>
  `COPY (SELECT 't' AS tenant, ${id}::INTEGER AS id) TO '{dir}/${folder}/f.parquet'`;

describe("convert a folder of Parquet files", () => {
  const suite = suiteTables();
  /** Writes Parquet files, `{dir}` being the folder of the table. */
  const write = async (...statements: readonly string[]) => {
    const dir = join(suite.fixture.dir, suite.path);
    mkdirSync(dir, { recursive: true });
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run("SET TimeZone = 'UTC'");
    for (const statement of statements) await connection.run(statement.replaceAll("{dir}", dir));
    connection.closeSync();
  };
  const open = () =>
    suite.fixture.open(suite.path, {
      objects: fsObjectStore({ dir: suite.fixture.dir, exactNames: true }),
    });

  it("makes a table of files as they are, with statistics, and goes on from there", async () => {
    await write(
      "COPY (SELECT 't' AS tenant, i::INTEGER AS id, (i * 1.5)::DECIMAL(9,2) AS price, TIMESTAMPTZ '2026-01-31 10:00:00.1234+00' AS at, ['x', i::VARCHAR] AS tags FROM range(3) t(i)) TO '{dir}/one.parquet'",
      "COPY (SELECT 't' AS tenant, 9::INTEGER AS id, {'a': 1::BIGINT, 'b': 'c'} AS nested) TO '{dir}/two.parquet'",
      "COPY (SELECT 1 AS other) TO '{dir}/_hidden.parquet'",
    );
    mkdirSync(join(suite.fixture.dir, suite.path, "_change_data"));
    await write(
      "COPY (SELECT 1 AS id, 'delete' AS _change_type) TO '{dir}/_change_data/c.parquet'",
    );
    const table = open();
    const outcome = await table.convert();
    expect(outcome).toEqual({ version: 0, metrics: { numConvertedFiles: 2 } });
    const { schema, files } = await table.snapshot();
    expect(
      schema.columns.map(({ name, type }) => [name, typeof type === "string" ? type : type.type]),
    ).toEqual([
      ["tenant", "string"],
      ["id", "integer"],
      ["price", "decimal(9,2)"],
      ["at", "timestamp"],
      ["tags", "array"],
      ["nested", "struct"],
    ]);
    expect(
      files.map(({ rows, min, max }) => [
        rows,
        min?.["id"],
        max?.["id"],
        max?.["price"],
        max?.["at"],
      ]),
    ).toEqual([
      [3, 0, 2, 3, "2026-01-31T10:00:00.123Z"],
      [1, 9, 9, undefined, undefined],
    ]);
    await table.update({ set: { price: "7" }, where: "id IN (1, 9)" });
    const rows = await suite.fixture.rows(suite.path);
    expect(rows.map(({ id, price, tags, nested }) => [id, price, tags, nested])).toEqual([
      [0, "0.00", ["x", "0"], null],
      [1, "7.00", ["x", "1"], null],
      [2, "3.00", ["x", "2"], null],
      [9, "7.00", null, { a: 1, b: "c" }],
    ]);
    await expect(table.convert()).rejects.toMatchObject({ code: "ECAP_TABLE_EXISTS" });
  });

  it("takes partitions from folders, as texts or in the types given", async () => {
    const folders = ["day=2026-01-31/shop=a%2Fb", "day=2026-02-01/shop=__HIVE_DEFAULT_PARTITION__"];
    for (const folder of folders) {
      mkdirSync(join(suite.fixture.dir, suite.path, folder), { recursive: true });
    }
    await write(...folders.map((folder, i) => copy(i, folder)));
    const table = open();
    await expect(
      table.convert({ partitionBy: [{ name: "day", type: "date" }] }),
    ).rejects.toMatchObject({ code: "ECAP_TABLE_SCHEMA" });
    await table.convert({
      partitionBy: [
        { name: "day", type: "date" },
        { name: "shop", type: "string" },
      ],
    });
    expect(await suite.fixture.rows(suite.path)).toEqual([
      { id: 0, day: "2026-01-31", shop: "a/b" },
      { id: 1, day: "2026-02-01", shop: null },
    ]);
    await table.delete({ where: "day = DATE '2026-01-31'" });
    expect(await suite.fixture.rows(suite.path)).toHaveLength(1);
  });

  it("needs the feature of local times for them", async () => {
    await write(
      "COPY (SELECT 't' AS tenant, 1 AS id, TIMESTAMP '2026-01-31 10:00:00' AS at) TO '{dir}/f.parquet'",
    );
    const table = open();
    await table.convert();
    expect((await suite.fixture.rows(suite.path))[0]).toMatchObject({ id: 1 });
    const [columns] = [(await table.snapshot()).schema.columns];
    expect(columns.find(({ name }) => name === "at")?.type).toBe("timestamp_ntz");
  });

  it.each([
    ["an empty folder", [], "ECAP_TABLE_NOT_FOUND"],
    [
      "files that do not agree on a type",
      [
        "COPY (SELECT 1 AS id) TO '{dir}/a.parquet'",
        "COPY (SELECT 'x' AS id) TO '{dir}/b.parquet'",
      ],
      "ECAP_TABLE_SCHEMA",
    ],
    [
      "a type that tables lack",
      ["COPY (SELECT 1::UINTEGER AS id) TO '{dir}/a.parquet'"],
      "ECAP_TABLE_UNSUPPORTED",
    ],
    [
      "a name that tables lack",
      [`COPY (SELECT 1 AS "a b") TO '{dir}/a.parquet'`],
      "ECAP_TABLE_SCHEMA",
    ],
  ])("refuses %s and leaves no log", async (_, statements, code) => {
    await write(...statements);
    await expect(open().convert()).rejects.toMatchObject({ code });
    expect(await suite.fixture.keys(`${suite.path}/_delta_log/`)).toEqual([]);
  });
});
