import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Query, QueryEngine, QueryResult } from "../ports/query-engine.ts";
import type { Row, TableSchema, TableStore } from "../ports/table-store.ts";

export interface QueryEngineFixture {
  readonly engine: QueryEngine;
  /** An empty store whose tables the engine reads. */
  readonly tables: TableStore;
  close?(): Promise<void>;
}

const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "date", type: "date" },
    { name: "id", type: "string" },
    { name: "amount", type: "decimal(18,4)" },
    { name: "quantity", type: "integer" },
    { name: "total", type: "long" },
    { name: "ratio", type: "double" },
    { name: "gift", type: "boolean" },
    { name: "at", type: "timestamp" },
  ],
  partitionBy: ["tenant", "date"],
};

const row = (id: string, more: Row = {}): Row => ({
  tenant: "acme",
  date: "2026-01-31",
  id,
  ...more,
});

/** What every QueryEngine promises. `make` gives an empty store and an engine over it, once for the whole suite. */
export function queryEngineContract(name: string, make: () => Promise<QueryEngineFixture>): void {
  describe(`QueryEngine contract: ${name}`, () => {
    let fixture: QueryEngineFixture;
    beforeAll(async () => {
      fixture = await make();
      const { tables } = fixture;
      await tables.ensure("orders", schema);
      await tables.append("orders", [
        row("1", {
          amount: "12.30",
          quantity: 2,
          total: 5,
          ratio: 0.5,
          gift: true,
          at: Date.UTC(2026, 0, 31, 10),
        }),
        row("2", { amount: "-0.0001", date: "2026-02-01", total: 2n ** 60n }),
        row("3", { date: null }),
      ]);
      await tables.append("orders", [
        row("other", { tenant: "o'ther/ü", amount: "999", quantity: 99 }),
        row("other 2", { tenant: "o'ther/ü", date: "2026-03-01" }),
      ]);
      await tables.ensure("nothing", schema);
    });
    afterAll(async () => fixture.close?.());

    const ask = (sql: string, more: Partial<Query> = {}): Promise<QueryResult> =>
      fixture.engine.query({ sql, tenant: "acme", tables: { orders: {} }, ...more });
    const rows = async (sql: string, more: Partial<Query> = {}) => (await ask(sql, more)).rows;
    const refused = { code: "ECAP_QUERY_INVALID" };

    it("gives values as the port says", async () => {
      expect(await rows("SELECT * FROM orders ORDER BY id")).toEqual([
        {
          tenant: "acme",
          date: "2026-01-31",
          id: "1",
          amount: "12.3000",
          quantity: 2,
          total: 5,
          ratio: 0.5,
          gift: true,
          at: "2026-01-31T10:00:00.000Z",
        },
        expect.objectContaining({
          id: "2",
          amount: "-0.0001",
          date: "2026-02-01",
          total: "1152921504606846976",
          at: null,
        }),
        expect.objectContaining({ id: "3", date: null, amount: null, gift: null }),
      ]);
    });

    it("adds decimals exactly and counts as numbers", async () => {
      expect(
        await rows("SELECT sum(amount) AS s, count(*) AS n, sum(quantity) AS q FROM orders"),
      ).toEqual([{ s: "12.2999", n: 3, q: 2 }]);
    });

    it("names columns, table versions and how new the answer is", async () => {
      const result = await ask("SELECT id, amount FROM orders");
      const snapshot = await fixture.tables.snapshot("orders");
      expect(result.columns.map((column) => column.name)).toEqual(["id", "amount"]);
      expect(result.versions).toEqual({ orders: snapshot.version });
      expect(result.asOf).toBe(snapshot.timestamp);
    });

    it("binds parameters of every kind", async () => {
      const sql =
        "SELECT id FROM orders WHERE id = $1 AND amount > $2 AND date = CAST($3 AS date) AND gift = $4 AND total < $5";
      const parameters = ["1", 1.5, "2026-01-31", true, 2 ** 40];
      expect(await rows(sql, { parameters })).toEqual([{ id: "1" }]);
      const injection = ["1' OR '1'='1"];
      expect(await rows("SELECT id FROM orders WHERE id = $1", { parameters: injection })).toEqual(
        [],
      );
      await expect(
        rows("SELECT id FROM orders WHERE id = $1 AND id = $2", { parameters: ["1"] }),
      ).rejects.toMatchObject(refused);
    });

    it("shows a tenant its own rows and no others", async () => {
      const sql = "SELECT id, tenant FROM orders ORDER BY id";
      expect((await rows(sql)).map((r) => r["id"])).toEqual(["1", "2", "3"]);
      expect(await rows(sql, { tenant: "o'ther/ü" })).toEqual([
        { id: "other", tenant: "o'ther/ü" },
        { id: "other 2", tenant: "o'ther/ü" },
      ]);
      expect(await rows(sql, { tenant: "nobody" })).toEqual([]);
      expect(await rows(sql, { tenant: "acme' OR true --" })).toEqual([]);
      const mixed = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          rows("SELECT count(*) AS n FROM orders", { tenant: i % 2 ? "acme" : "o'ther/ü" }),
        ),
      );
      expect(mixed.map(([first]) => first?.["n"])).toEqual(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? 3 : 2)),
      );
    });

    it("reads a table without rows as empty, with its types", async () => {
      const tables = { nothing: {}, orders: {} };
      expect(await rows("SELECT count(*) AS n, sum(amount) AS s FROM nothing", { tables })).toEqual(
        [{ n: 0, s: null }],
      );
      expect(
        await rows(
          "SELECT o.id FROM orders o LEFT JOIN nothing x ON x.id = o.id AND x.date = o.date ORDER BY 1",
          { tables },
        ),
      ).toHaveLength(3);
    });

    it("sees one version of a table, the newest unless another is named", async () => {
      const { tables, engine } = fixture;
      await tables.ensure("moving", schema);
      const count = async (when = {}) =>
        (
          await engine.query({
            sql: "SELECT count(*) AS n FROM moving",
            tenant: "acme",
            tables: { moving: when },
          })
        ).rows[0]?.["n"];
      expect(await count()).toBe(0);
      for (let i = 1; i <= 3; i++) {
        await tables.append("moving", [row(`${i}`)]);
        expect(await count()).toBe(i);
      }
      expect(await count({ version: 1 })).toBe(1);
      expect(await count()).toBe(3);
    });

    it("reads columns that older files lack as NULL", async () => {
      const { tables } = fixture;
      await tables.ensure("evolved", schema);
      await tables.append("evolved", [row("old")]);
      await tables.ensure("evolved", {
        ...schema,
        columns: [...schema.columns, { name: "channel", type: "string" }],
      });
      const sql = "SELECT id, channel FROM evolved ORDER BY id";
      expect(await rows(sql, { tables: { evolved: {} } })).toEqual([{ id: "old", channel: null }]);
      await tables.append("evolved", [row("new", { channel: "web" })]);
      expect(await rows(sql, { tables: { evolved: {} } })).toEqual([
        { id: "new", channel: "web" },
        { id: "old", channel: null },
      ]);
    });

    it.each([
      ["a table that is not declared", "SELECT * FROM nothing"],
      [
        "a table that is not declared, in a subquery",
        "SELECT (SELECT count(*) FROM nothing) FROM orders",
      ],
      ["a syntax error", "SELEC 1"],
      ["two statements", "SELECT 1; SELECT 2"],
      ["a statement that writes", "DROP TABLE orders"],
      ["a column that is not there", "SELECT colour FROM orders"],
      ["another schema", "SELECT * FROM information_schema.tables"],
      [
        "a value of another type",
        "SELECT CAST(id AS integer) FROM orders WHERE id = 'other' OR CAST('x' AS integer) = 1",
      ],
    ])("refuses %s", async (_, sql) => {
      await expect(rows(sql)).rejects.toMatchObject(refused);
      expect(await rows("SELECT count(*) AS n FROM orders")).toEqual([{ n: 3 }]);
    });

    it("says which table is not there", async () => {
      await expect(rows("SELECT 1", { tables: { absent: {} } })).rejects.toMatchObject({
        code: "ECAP_TABLE_NOT_FOUND",
      });
    });

    /** A cross join of some 10^10 rows over a table of 3. */
    const twenty = Array.from({ length: 20 }, (_, i) => `orders t${i}`).join(", ");
    const long = `SELECT count(*) AS n FROM ${twenty} WHERE length(concat(t0.id, t7.id, t13.id, t19.id)) = 3`;

    it("stops a query at its time limit and when the caller gives up, without blocking the event loop", async () => {
      let beats = 0;
      const heart = setInterval(() => beats++, 10);
      const started = Date.now();
      await expect(rows(long, { timeoutMs: 250 })).rejects.toMatchObject({
        code: "ECAP_QUERY_TIMEOUT",
      });
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 100);
      await expect(rows(long, { signal: abort.signal })).rejects.toMatchObject({
        code: "ECAP_QUERY_ABORTED",
      });
      await expect(rows(long, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "ECAP_QUERY_ABORTED",
      });
      clearInterval(heart);
      expect(Date.now() - started).toBeLessThan(5_000);
      expect(beats).toBeGreaterThan(10);
      expect(await rows("SELECT count(*) AS n FROM orders")).toEqual([{ n: 3 }]);
    });

    it("refuses to give more rows than were asked for", async () => {
      expect(await rows("SELECT id FROM orders", { maxRows: 3 })).toHaveLength(3);
      await expect(rows("SELECT id FROM orders", { maxRows: 2 })).rejects.toMatchObject(refused);
    });

    it("answers many queries at once", async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          rows("SELECT CAST($1 AS integer) AS i, count(*) AS n FROM orders", { parameters: [i] }),
        ),
      );
      expect(answers).toEqual(Array.from({ length: 40 }, (_, i) => [{ i, n: 3 }]));
    });
  });
}
