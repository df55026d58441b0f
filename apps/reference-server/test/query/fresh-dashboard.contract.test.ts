import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultConfig } from "../../src/config/default-config.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const minute = 60_000;
/** Looks at the log are shared for this long; past it an answer has all that was accepted before. */
const sharedMs = 250;

describe("a dashboard over a lake that is written once a minute", () => {
  let server: TestServer;
  let keys: { readonly viewer: string; readonly analyst: string; readonly api_user: string };
  beforeAll(async () => {
    const sinks = { maxWaitMs: minute, maxWaitBehindMs: minute };
    server = await startTestServer({ config: { ...defaultConfig, sinks } });
    keys = {
      viewer: await server.key("viewer"),
      analyst: await server.key("analyst"),
      api_user: await server.key("api_user"),
    };
  });
  afterAll(() => server.close());

  const send = async (...events: readonly unknown[]) => {
    const response = await fetch(`${server.url}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.api_user}`, "content-type": "application/json" },
      body: JSON.stringify(events),
    });
    const { receipts } = (await response.json()) as { receipts: Array<{ status: string }> };
    return receipts.map(({ status }) => status);
  };
  const count = async (fresh: boolean) => {
    const response = await fetch(`${server.url}/v1/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.analyst}`, "content-type": "application/json" },
      body: JSON.stringify({ sql: "select count(*) as n from bronze_transactions", fresh }),
    });
    return ((await response.json()) as { rows: Array<{ n: number }> }).rows[0]?.n;
  };
  const range = "from=2000-01-01&to=2100-01-01";
  const revenue = async () =>
    (await server.get(`/v1/bi/revenue?${range}&grain=month`, keys.viewer)).body;
  const gross = async () => {
    const { total, points } = (await revenue()) as {
      total: { gross: string };
      points: Array<{ gross: string }>;
    };
    // The total is asked in a query of its own, of the same rows.
    expect(points.map((point) => point.gross)).toEqual(total.gross === "0.00" ? [] : [total.gross]);
    return total.gross;
  };
  const filesOf = async (table: string) =>
    (await server.composition.platform.port("tableStore").snapshot(table)).files.length;

  it("shows an event as soon as it is accepted, and says up to when it is complete", async () => {
    expect(await gross()).toBe("0.00");
    expect(await send(order("o1", 10))).toEqual(["accepted"]);
    const accepted = Date.now();
    await sleep(sharedMs);
    expect(await gross()).toBe("10.00");
    const { asOf } = (await revenue()) as { asOf: string };
    expect(Date.parse(asOf)).toBeGreaterThanOrEqual(accepted);
    expect(await filesOf("order_lines")).toBe(0);
  });

  it("counts what is sent again once, and what is no event not at all", async () => {
    const [topic, value] = ["transactions", Buffer.from("{")] as const;
    await server.composition.platform.port("eventLog").append(topic, [{ value, timestamp: 0 }]);
    expect(await send(order("o1", 10), order("o2", 5))).toEqual(["duplicate", "accepted"]);
    await sleep(sharedMs);
    expect(await gross()).toBe("15.00");
    const top = await server.get(`/v1/bi/products/top?${range}`, keys.viewer);
    expect(top.body).toMatchObject({ rows: [{ value: "p1", gross: "15.00", orders: 2 }] });
    const metric = await server.get(`/v1/metrics/bi.orders?${range}&grain=month`, keys.viewer);
    expect(metric.body).toMatchObject({ points: [{ value: 2 }] });
    const { body } = await server.get("/v1/customers/rfm?limit=10", keys.analyst);
    expect(body["items"]).toHaveLength(2);
  });

  it("shows the same while the sink writes and after it", async () => {
    const { platform } = server.composition;
    const seen = new Set<string>();
    const written = new AbortController();
    const watch = async (): Promise<void> => {
      seen.add(await gross());
      if (!written.signal.aborted) await watch();
    };
    const watching = watch();
    await platform.drain();
    written.abort();
    await watching;
    expect([...seen]).toEqual(["15.00"]);
    expect(await filesOf("order_lines")).toBeGreaterThan(0);
    expect(await send(order("o3", 1))).toEqual(["accepted"]);
    await sleep(sharedMs);
    expect(await gross()).toBe("16.00");
  });

  it("asks for it in SQL where it says so", async () => {
    expect([await count(false), await count(true)]).toEqual([2, 3]);
  });
});

function order(id: string, revenue: number) {
  return {
    id,
    type: "Order Completed",
    actor: { customerId: `customer of ${id}` },
    data: {
      order_id: id,
      currency: "EUR",
      total: revenue,
      products: [{ product_id: "p1", name: "Lamp", quantity: 1, price: revenue }],
    },
  };
}
