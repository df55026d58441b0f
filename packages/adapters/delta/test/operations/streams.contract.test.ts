import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import type { Row } from "@ecap/sdk";
import { type RecordBatch, RecordBatchReader, tableFromArrays } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { parts, row, schema, suiteTables, tenant } from "./table-fixture.ts";

function batch(columns: Parameters<typeof tableFromArrays>[0]): RecordBatch {
  const [only] = tableFromArrays(columns).batches;
  if (!only) throw new Error("no batch");
  return only;
}

async function* failing() {
  yield [row(1)];
  throw new Error("the source is away");
}

describe("rows that come in parts", () => {
  const suite = suiteTables();
  const created = async (properties: Readonly<Record<string, string>> = {}) => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema, { properties });
    return table;
  };
  const cells = async () =>
    (await suite.fixture.rows(suite.path)).map(({ part, id, n, word }) => [part, id, n, word]);
  const arrow = batch({
    tenant: ["t", "t"],
    part: ["a", "b"],
    id: Int32Array.of(3, 4),
    word: ["w3", null],
  });

  it("are appended in one commit, as rows and as Arrow batches, which may lack nullable columns", async () => {
    const table = await created();
    const version = await table.append(parts([row(1)], [], [row(2, { part: null })], arrow));
    expect(version).toBe(1);
    expect(await cells()).toEqual([
      ["a", 1, 10, "w1"],
      [null, 2, 20, "w2"],
      ["a", 3, null, "w3"],
      ["b", 4, null, null],
    ]);
    const { files } = await table.snapshot();
    expect(files.map(({ rows }) => rows).toSorted((a = 0, b = 0) => a - b)).toEqual([1, 1, 2]);
    expect(files.every(({ min }) => min?.["id"] !== undefined)).toBe(true);
    expect(await table.append(parts())).toBeUndefined();
    expect(await table.append(parts([]))).toBeUndefined();
  });

  it("take the place of others, and are merged", async () => {
    const table = await created();
    await table.append([row(1), row(2), row(9, { part: "z" })]);
    const replaced = await table.overwrite(parts([row(3)], arrow), { replace: "table" });
    expect(replaced.metrics).toMatchObject({ numOutputRows: 3 });
    await table.overwrite(parts([row(3), row(4, { part: "b" })]));
    const outcome = await table.merge({
      rows: parts([row(3, { n: 7 })], [row(5)]),
      on: "target.id = source.id",
      whenMatched: [{ update: { n: "target.n + source.n" } }],
      whenNotMatched: [{ insert: "all" }],
    });
    expect(outcome.metrics).toMatchObject({ numSourceRows: 2, numTargetRowsInserted: 1 });
    expect(await cells()).toEqual([
      ["a", 3, 37, "w3"],
      ["b", 4, 40, "w4"],
      ["a", 5, 50, "w5"],
    ]);
  });

  it.each<[string, readonly Row[] | RecordBatch, string]>([
    ["a column the table lacks", batch({ tenant: ["t"], id: Int32Array.of(1), x: ["y"] }), "x"],
    ["numbers that may not fit", batch({ tenant: ["t"], id: Float64Array.of(1.5) }), "id"],
    ["wider integers", batch({ tenant: ["t"], id: BigInt64Array.of(1n) }), "id"],
    [
      "a number for a text",
      batch({ tenant: ["t"], id: Int32Array.of(1), word: Int32Array.of(1) }),
      "word",
    ],
    ["a row without what it must have", batch({ tenant: ["t"], n: BigInt64Array.of(1n) }), "id"],
    ["a row with a property too many", [Object.assign(row(1), { y: 1 })], "y"],
  ])("are refused with %s, and nothing is left", async (_, part, column) => {
    const table = await created();
    await expect(table.append(parts([row(7)], part))).rejects.toMatchObject({
      code: "ECAP_TABLE_SCHEMA",
      path: column,
    });
    expect((await table.snapshot()).version).toBe(0);
    expect(await suite.fixture.keys(`${suite.path}/part=`)).toEqual([]);
  });

  it("are refused by a constraint, and by the source's own failure", async () => {
    const table = await created();
    await table.addConstraint({ name: "small", condition: "n IS NULL OR n < 100" });
    await expect(table.append(parts([row(1)], [row(10)]))).rejects.toMatchObject({ path: "small" });
    await expect(table.append(failing())).rejects.toThrow("the source is away");
    expect(await suite.fixture.keys(`${suite.path}/part=`)).toEqual([]);
  });

  it("come from a query as Arrow, and give a table with the same rows", async () => {
    const table = await created();
    await table.append(
      Array.from({ length: 5_000 }, (_, i) => row(i, { part: i % 2 ? "a" : null })),
    );
    const { tables, objects } = suite.fixture;
    const queries = duckdbQueryEngine({ tables, objects, threads: 1 });
    const copy = suite.fixture.open(`${suite.path}copy`);
    await copy.create(schema);
    const sql = `SELECT * FROM ${suite.path}`;
    const stream = await queries.stream({ sql, tenant, tables: { [suite.path]: {} } });
    await copy.append(await RecordBatchReader.from(stream.arrow()));
    await queries.close();
    expect(await suite.fixture.rows(`${suite.path}copy`)).toEqual(
      await suite.fixture.rows(suite.path),
    );
  });
});
