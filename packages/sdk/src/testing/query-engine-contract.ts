import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Query, QueryEngine, QueryResult, ResultRow } from "../ports/query-engine.ts";
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
      expect(result.reads).toEqual({ orders: { version: snapshot.version } });
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

    it("reads tables at a version or a time named in the SQL, also one table twice", async () => {
      const { tables } = fixture;
      await tables.ensure("travelled", schema);
      for (const id of ["1", "2", "3"]) await tables.append("travelled", [row(id)]);
      await tables.append("travelled", [row("other", { tenant: "o'ther/ü" })]);
      const { timestamp } = await tables.snapshot("travelled", { version: 2 });
      const time = new Date(timestamp).toISOString();
      const travelled = { tables: { travelled: {} } };
      const count = async (from: string) =>
        (await rows(`SELECT count(*) AS n FROM ${from}`, travelled))[0]?.["n"];
      expect(await count("travelled VERSION AS OF 1")).toBe(1);
      expect(await count("Travelled version as of 2 t WHERE t.id <> '1'")).toBe(1);
      expect(await count("travelled FOR VERSION AS OF 2 AS t JOIN travelled USING (id)")).toBe(2);
      expect(await count(`travelled TIMESTAMP AS OF '${time}'`)).toBeGreaterThanOrEqual(2);
      expect(await count("travelled TIMESTAMP AS OF '2999-01-01'")).toBe(3);
      const added = await ask(
        "SELECT travelled.id FROM travelled VERSION AS OF 3 WHERE travelled.id NOT IN (SELECT id FROM travelled VERSION AS OF 1) ORDER BY travelled.id -- VERSION AS OF 0",
        travelled,
      );
      expect(added.rows).toEqual([{ id: "2" }, { id: "3" }]);
      expect(added.versions).toEqual({
        travelled: 4,
        "travelled VERSION AS OF 3": 3,
        "travelled VERSION AS OF 1": 1,
      });
      expect(await rows("SELECT 'travelled VERSION AS OF 1' AS text", travelled)).toEqual([
        { text: "travelled VERSION AS OF 1" },
      ]);
    });

    it.each([
      ["a version that is no number", "orders VERSION AS OF 'newest'", "ECAP_QUERY_INVALID"],
      ["a time that is none", "orders TIMESTAMP AS OF '2026-13-01'", "ECAP_QUERY_INVALID"],
      ["a time without quotes", "orders TIMESTAMP AS OF 2026", "ECAP_QUERY_INVALID"],
      ["a version there is not", "orders VERSION AS OF 99", "ECAP_TABLE_NOT_FOUND"],
      ["a time before the table", "orders TIMESTAMP AS OF '2001-01-01'", "ECAP_TABLE_NOT_FOUND"],
      ["a table that is not declared", "nothing VERSION AS OF 0", "ECAP_QUERY_INVALID"],
    ])("refuses %s", async (_, from, code) => {
      await expect(rows(`SELECT count(*) AS n FROM ${from}`)).rejects.toMatchObject({ code });
    });

    it("reads rows that are given beside a table as if it held them, of the tenant alone", async () => {
      const given: readonly Row[] = [
        row("4", {
          amount: "7.7",
          total: 2n ** 61n,
          at: Date.UTC(2026, 1, 1),
          ratio: 1.5,
          gift: false,
        }),
        row("5", { date: "2026-02-03", quantity: null }),
        row("6", { tenant: "o'ther/ü", amount: "999" }),
      ];
      const tables = { orders: { rows: given } };
      const sql =
        "SELECT id, date, amount, total, orders.at, ratio, gift FROM orders WHERE id > '3' ORDER BY id";
      const result = await ask(sql, { tables });
      expect(result.rows).toEqual([
        {
          id: "4",
          date: "2026-01-31",
          amount: "7.7000",
          total: "2305843009213693952",
          at: "2026-02-01T00:00:00.000Z",
          ratio: 1.5,
          gift: false,
        },
        expect.objectContaining({ id: "5", date: "2026-02-03", amount: null }),
      ]);
      const sum =
        "SELECT count(*) AS n, sum(amount) AS s FROM orders WHERE date = DATE '2026-01-31'";
      expect(await rows(sum, { tables })).toEqual([{ n: 2, s: "20.0000" }]);
      // What an answer was read from can be read again, whatever was written since.
      await fixture.tables.append("orders", []);
      expect((await ask(sum, { tables: result.reads })).rows).toEqual([{ n: 2, s: "20.0000" }]);
      expect(await rows(sum)).toEqual([{ n: 1, s: "12.3000" }]);
      const more = { orders: { rows: [...given, row("7")] } };
      const ids = "SELECT string_agg(id, ' ' ORDER BY id) AS ids FROM orders";
      expect(await rows(ids, { tables: more })).toEqual([{ ids: "1 2 3 4 5 7" }]);
      expect(await rows(ids, { tables })).toEqual([{ ids: "1 2 3 4 5" }]);
      const others = { orders: { rows: [row("8"), ...given] } };
      expect(await rows(ids, { tables: others })).toEqual([{ ids: "1 2 3 4 5 8" }]);
      const nobody = await rows("SELECT count(*) AS n FROM orders", { tables, tenant: "nobody" });
      expect(nobody).toEqual([{ n: 0 }]);
      const empty = { nothing: { rows: given } };
      expect(await rows("SELECT id FROM nothing ORDER BY id", { tables: empty })).toEqual([
        { id: "4" },
        { id: "5" },
      ]);
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

    it("gives results as a stream: the same rows, when they are asked for", async () => {
      const { engine } = fixture;
      if (engine.stream === undefined) return;
      const joined = orders(6);
      const whole = await rows(joined, { maxRows: 1_000 });
      const stream = await engine.stream({ sql: joined, tenant: "acme", tables: { orders: {} } });
      expect(stream.versions).toHaveProperty("orders");
      expect(stream.columns.map((column) => column.name)).toEqual(["id", "amount", "at"]);
      const streamed: ResultRow[] = [];
      for await (const part of stream.rows()) streamed.push(...part);
      expect(streamed).toEqual(whole);
    });

    it("ends a stream at its limits, and when its reader leaves, and answers on", async () => {
      const { engine } = fixture;
      if (engine.stream === undefined) return;
      const open = (more: Partial<Query>) =>
        engine.stream?.({ sql: orders(12), tenant: "acme", tables: { orders: {} }, ...more });
      const all = async (more: Partial<Query>) => {
        for await (const _ of (await open(more))?.rows() ?? []);
      };
      await expect(all({ maxRows: 10_000 })).rejects.toMatchObject(refused);
      await expect(
        all({ sql: "SELECT CAST(id || 'x' AS integer) AS n FROM orders" }),
      ).rejects.toMatchObject(refused);
      await expect(all({ sql: "DROP TABLE orders" })).rejects.toMatchObject(refused);
      for (let i = 0; i < 5; i++) {
        const stream = await open({ maxRows: 1_000_000 });
        for await (const part of stream?.rows() ?? []) {
          expect(part.length).toBeGreaterThan(0);
          break;
        }
      }
      // One that nobody reads holds its place until its time is over.
      await Promise.all([open({ timeoutMs: 2_000 }), open({ timeoutMs: 2_000 })]);
      const given = new AbortController();
      const stream = await open({ signal: given.signal, maxRows: 1_000_000 });
      const parts = stream?.rows();
      await parts?.next();
      given.abort();
      await expect(parts?.next()).rejects.toMatchObject({ code: "ECAP_QUERY_ABORTED" });
      expect(await rows("SELECT count(*) AS n FROM orders")).toEqual([{ n: 3 }]);
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

/** A cross join of 3 to the power of `times` rows. */
function orders(times: number): string {
  const joined = Array.from({ length: times }, (_, i) => `orders t${i}`).join(", ");
  const order = Array.from({ length: times }, (_, i) => `t${i}.id`).join(", ");
  return `SELECT t0.id, t1.amount, t0.at FROM ${joined}${times < 10 ? ` ORDER BY ${order}` : ""}`;
}
