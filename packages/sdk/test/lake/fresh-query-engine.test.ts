import { describe, expect, test } from "vitest";
import { type FreshReads, freshQueryEngine } from "../../src/lake/index.ts";
import { type Query, type QueryEngine, silentLogger } from "../../src/ports/index.ts";

const rows = [{ tenant: "acme", n: 1 }];

/** An engine that keeps what it was asked, with fresh reads that answer by table. */
function setUp(of: FreshReads["of"], patienceMs = 1_000) {
  const asked: Query[] = [];
  const plain: QueryEngine = {
    dialect: "duckdb",
    async query(query) {
      asked.push(query);
      return { columns: [], rows: [], versions: {}, reads: {}, asOf: 5 };
    },
  };
  const reads = async () => ({ of });
  const engine = freshQueryEngine({ engine: plain, reads, logger: silentLogger, patienceMs });
  const query = (more: Partial<Query>) =>
    engine.query({ sql: "", tenant: "acme", tables: { orders: {} }, ...more });
  return { asked, query };
}

describe("a fresh query", () => {
  test("reads tables at a version with the rows beside it, and is as of the oldest look at the log", async () => {
    const { asked, query } = setUp(async (table) => ({
      read: { version: 3, rows },
      asOf: table === "orders" ? 100 : 90,
    }));
    const answer = await query({ fresh: true, tables: { orders: {}, refunds: {} } });
    expect(asked[0]?.tables).toEqual({
      orders: { version: 3, rows },
      refunds: { version: 3, rows },
    });
    expect(answer).toMatchObject({ asOf: 90 });
    expect(answer).not.toHaveProperty("behind");
  });

  test("leaves tables alone whose version or rows are said, and queries that are not fresh", async () => {
    const { asked, query } = setUp(async () => ({ read: { version: 9 }, asOf: 100 }));
    const tables = { a: { version: 1 }, b: { at: 1 }, c: { version: 1, rows } };
    await query({ fresh: true, tables });
    await query({});
    expect(asked.map((each) => each.tables)).toEqual([tables, { orders: {} }]);
  });

  test.each([
    ["holds too many events", async () => undefined],
    ["fails", () => Promise.reject(new Error("no broker"))],
    ["does not answer", () => new Promise<undefined>(() => {})],
  ])("reads the table alone and says so where the log %s", async (_, of) => {
    const { asked, query } = setUp(of, 20);
    expect(await query({ fresh: true })).toMatchObject({ asOf: 5, behind: ["orders"] });
    expect(asked[0]?.tables).toEqual({ orders: {} });
  });
});
