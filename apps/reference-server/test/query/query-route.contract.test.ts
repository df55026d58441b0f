import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";

describe("POST /v1/query", () => {
  let server: TestServer;
  let analyst: string;
  beforeAll(async () => {
    server = await startTestServer();
    analyst = await server.key("analyst");
    const key = await server.key("api_user");
    for (let batch = 0; batch < 3; batch++) {
      const events = Array.from({ length: 20 }, (_, i) => ({
        id: `${batch}-${i}`,
        type: "Order Completed",
        actor: { customerId: `c${i}` },
        data: { order_id: `order "${batch}, ${i}"`, currency: "EUR", total: i },
      }));
      await post("/v1/events", events, { authorization: `Bearer ${key}` });
      await server.composition.platform.drain();
    }
  });
  afterAll(() => server.close());

  const post = (
    path: string,
    body: unknown,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ) =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  const ask = (body: unknown, accept = "application/json", signal?: AbortSignal) =>
    post("/v1/query", body, { authorization: `Bearer ${analyst}`, accept }, signal);
  const sql = "select order_id, total, customer_id from orders order by order_id";
  /** 60 to the fourth: nobody waits for its end. */
  const endless = "select a.order_id, b.total from orders a, orders b, orders c, orders d";

  it("answers analysts, in JSON, with what the rows were read from", async () => {
    const response = await ask({ sql, limit: 2 });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      tenant: "default",
      tables: { orders: expect.any(Number) },
      columns: [{ name: "order_id" }, { name: "total" }, { name: "customer_id" }],
      rows: [{ order_id: 'order "0, 0"' }, { order_id: 'order "0, 1"' }],
    });
    const viewer = `Bearer ${await server.key("viewer")}`;
    expect((await post("/v1/query", { sql }, { authorization: viewer })).status).toBe(403);
  });

  it("keeps what was audited from analysts, the raw events of it too", async () => {
    const admin = { authorization: `Bearer ${await server.key("admin")}` };
    for (const table of ["audit_log", "bronze_audit"]) {
      const audited = { sql: `select count(*) as n from ${table}` };
      expect((await ask(audited)).status).toBe(400);
      expect((await post("/v1/query", audited, admin)).status).toBe(200);
    }
  });

  it("gives the same rows as NDJSON, CSV and Arrow", async () => {
    const { rows } = (await (await ask({ sql })).json()) as { rows: Array<Record<string, string>> };
    expect(rows).toHaveLength(60);
    const ndjson = await ask({ sql }, "application/x-ndjson");
    expect(ndjson.headers.get("content-type")).toBe("application/x-ndjson");
    expect(JSON.parse(ndjson.headers.get("ecap-tables") ?? "")).toHaveProperty("orders");
    expect(Date.parse(ndjson.headers.get("ecap-as-of") ?? "")).toBeGreaterThan(0);
    const lines = (await ndjson.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(rows);

    const csv = await (await ask({ sql }, "text/csv")).text();
    const quoted = rows.map(
      (row) => `"${row["order_id"]?.replaceAll('"', '""')}",${row["total"]},${row["customer_id"]}`,
    );
    expect(csv).toBe(`${["order_id,total,customer_id", ...quoted].join("\n")}\n`);

    const arrow = await ask({ sql }, "application/vnd.apache.arrow.stream");
    const table = tableFromIPC(new Uint8Array(await arrow.arrayBuffer()));
    expect(table.getChild("order_id")?.toJSON()).toEqual(rows.map((row) => row["order_id"]));
    expect(`${table.schema.fields[1]?.type}`).toMatch(/^Decimal/);
  });

  it.each(["application/x-ndjson", "application/vnd.apache.arrow.stream"])(
    "says in %s what is wrong before the first row, and holds to its limit",
    async (accept) => {
      for (const wrong of [
        "select colour from orders",
        "select cast(order_id as integer) from orders",
        "drop table orders",
      ]) {
        const response = await ask({ sql: wrong }, accept);
        expect(response.status).toBe(400);
        expect(response.headers.get("content-type")).toContain("application/problem+json");
      }
      const limited = await ask({ sql: endless, limit: 5_000 }, accept);
      const bytes = new Uint8Array(await limited.arrayBuffer());
      const rows = accept.includes("arrow")
        ? tableFromIPC(bytes).numRows
        : Buffer.from(bytes).toString().trim().split("\n").length;
      expect(rows).toBe(5_000);
    },
  );

  it("stops computing when the client goes away, and answers the next", async () => {
    for (let i = 0; i < 6; i++) {
      const gone = new AbortController();
      const response = await ask(
        { sql: endless, limit: 100_000_000, timeoutMs: 600_000 },
        "application/x-ndjson",
        gone.signal,
      );
      const reader = response.body?.getReader();
      expect((await reader?.read())?.done).toBe(false);
      gone.abort();
      await reader?.read().catch(() => {});
    }
    // Two queries run at once: were one of the six still there, this would wait for its ten minutes.
    const answers = await Promise.all([ask({ sql }), ask({ sql }), ask({ sql })]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("reads a table at two versions in one query", async () => {
    const counts = await ask({
      sql: `select (select count(*) from orders version as of 1) as first, count(*) as n, max(o.order_id) as last from orders o`,
    });
    expect(await counts.json()).toMatchObject({
      rows: [{ first: 20, n: 60 }],
      tables: { "orders VERSION AS OF 1": 1 },
    });
    const missing = await ask({ sql: "select * from orders version as of 1000" });
    expect(missing.status).toBe(404);
    expect(await missing.text()).toMatch(/1000/);
  });

  it("acts for another tenant only where its operator asks", async () => {
    expect((await ask({ sql, tenant: "another" })).status).toBe(403);
    const operator = `Bearer ${server.composition.controlToken}`;
    const other = await post("/v1/query", { sql, tenant: "another" }, { authorization: operator });
    expect(await other.json()).toMatchObject({ tenant: "another", rows: [] });
  });

  it("gives more rows than one document holds only as a stream", async () => {
    const response = await ask({ sql, limit: 100_001 });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("only as a stream");
  });
});
