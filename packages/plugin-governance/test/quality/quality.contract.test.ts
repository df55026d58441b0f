import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import {
  createPlatform,
  defineEvent,
  definePlugin,
  type EventEnvelope,
  encodeEvent,
  none,
  type Platform,
  type QualityRule,
} from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import type { Principal, Route } from "@ecap/sdk/http";
import { manualClock, memory } from "@ecap/sdk/memory";
import { readTopic } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { routes } from "../../src/http.ts";
import { alertRaised, alertResolved, governance, qualityMeasured } from "../../src/index.ts";

const minuteMs = 60_000;
const begin = Date.parse("2026-05-04T10:00:00Z");
const dir = mkdtempSync(join(tmpdir(), "ecap-quality-"));
const objects = fsObjectStore({ dir });
const tableStore = deltaTableStore({ objects });
const queryEngine = duckdbQueryEngine({ tables: tableStore, objects });
const clock = manualClock(begin);

const read = defineEvent({
  type: "meter.read",
  version: 1,
  topic: "meters",
  description: "A meter was read",
  schema: z.looseObject({ value: z.number().optional(), unit: z.string().optional() }),
});
const rules: readonly QualityRule[] = [
  {
    name: "meter-lag",
    topic: "meters",
    level: "warn",
    description: "A reading comes within an hour",
    check: { kind: "freshness", maxLagMs: 60 * minuteMs },
  },
  {
    name: "meter-volume",
    topic: "meters",
    level: "warn",
    description: "At least one reading comes a minute",
    check: { kind: "volume", minPerMinute: 1 },
  },
  {
    name: "meter-silent",
    topic: "meters",
    level: "fail",
    description: "Meters are read",
    check: { kind: "silence", maxMs: 20 * minuteMs },
  },
];
const meters = definePlugin({
  name: "meters",
  version: "1.0.0",
  sdk: "0.x",
  topics: { meters: { partitions: 2 } },
  events: { produces: [read] },
  qualityRules: rules,
  categoryFields: { meters: ["unit"] },
  personalData: none,
  setup: () => ({}),
});

const order = (id: string, fields: object = {}) => ({
  order_id: id,
  currency: "EUR",
  total: "10.00",
  card_id: "tok_1",
  products: [{ product_id: "p1", price: "10.00", quantity: 1 }],
  ...fields,
});

describe("quality of data, from events to the API", () => {
  let platform: Platform;
  let sent = 0;

  beforeAll(async () => {
    platform = await createPlatform({
      adapters: [
        memory({ clock }),
        { name: "lake", objectStore: objects, tableStore, queryEngine },
      ],
      plugins: [commerce(), meters(), governance({ quality: { profileEvery: 1 } })],
    });
    await platform.start();
  });
  afterAll(async () => {
    await platform.stop();
    await queryEngine.close();
    await tableStore.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** As if they had passed the door, or come by another way. */
  async function send(
    topic: string,
    type: string,
    data: Readonly<Record<string, unknown>>,
    fields: Partial<EventEnvelope> = {},
  ): Promise<void> {
    sent += 1;
    const now = clock.now();
    const event: EventEnvelope = {
      id: `${type}-${sent}`,
      type,
      source: "test",
      tenant: "acme",
      time: now,
      receivedAt: now,
      actor: { customerId: `c${sent % 7}` },
      context: {},
      data,
      ...fields,
    };
    await platform.port("eventLog").append(topic, [encodeEvent(event)]);
  }

  /** Time goes on, and the job says so. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= minuteMs) {
      clock.advance(Math.min(left, minuteMs));
      await platform.drain();
      await platform.background?.jobs?.runNow("quality-clock");
    }
    await platform.drain();
  }

  const principal: Principal = { id: "ada", role: "analyst", tenant: "acme" };
  async function get(path: string, query: object = {}): Promise<Record<string, unknown>> {
    const route = routes(platform.service(governance)).find((each: Route) => each.path === path);
    const parsed = route?.query?.parse(query);
    const { signal } = new AbortController();
    const request = { params: {}, query: parsed, body: {}, accept: "", principal, signal };
    const answer = await route?.handler(request);
    // What the server would send: it checks the answer against the route's schema.
    return route?.response.parse(answer) as Record<string, unknown>;
  }
  type RuleStatus = Readonly<Record<string, unknown>> & { readonly name: string };
  async function ruleOf(name: string): Promise<RuleStatus | undefined> {
    const { rules: all } = await get("/governance/quality");
    return (all as RuleStatus[]).find((rule) => rule.name === name);
  }
  async function alertsOf(name: string): Promise<ReadonlyArray<Record<string, unknown>>> {
    const { items } = await get("/governance/quality/alerts");
    return (items as Array<Record<string, unknown>>).filter((alert) => alert["name"] === name);
  }

  it("lists rules of plugins in the boot plan", () => {
    const plan = platform.explain().plugins;
    expect(plan.find(({ name }) => name === "meters")?.qualityRules).toEqual([
      "meter-lag",
      "meter-volume",
      "meter-silent",
    ]);
    expect(
      plan.find(({ name }) => name === "governance")?.topologies.map(({ name }) => name),
    ).toEqual(["quality", "quality-judge"]);
  });

  it("counts what was checked and failed by rule and field, and raises alerts, once each", async () => {
    await send("product-updates", "product.updated", { product_id: "p1", price: "10.00" });
    await platform.drain();
    for (let i = 0; i < 20; i += 1) await send("transactions", "order.completed", order(`o${i}`));
    await send("transactions", "order.completed", order("o3"));
    await send("transactions", "order.completed", order("", { order_id: null }));
    await send("transactions", "order.completed", order("bad-total", { total: "-1" }));
    await send("transactions", "order.completed", order("bad-total-2", { total: "-2" }));
    await send("transactions", "order.completed", order("bad-total-3", { total: "-3" }));
    await send(
      "transactions",
      "order.completed",
      order("leak", { card_id: "4111 1111 1111 1111" }),
    );
    await send("transactions", "order.completed", order("odd", { coupon: 5 }));
    const products = [{ product_id: "p1", price: 1, quantity: 0 }, { product_id: "p2" }];
    await send("transactions", "order.completed", order("lines", { products }));
    await pass(2 * minuteMs);

    expect(await ruleOf("order-has-id")).toMatchObject({
      state: "ok",
      field: "order_id",
      hour: { checked: 28, failed: 1 },
      lastFailure: { at: "2026-05-04T10:00:00.000Z", examples: ["order.completed-23"] },
    });
    expect(await ruleOf("order-total-not-negative")).toMatchObject({
      state: "alert",
      hour: { checked: 28, failed: 3, share: 3 / 28 },
    });
    expect(await ruleOf("order-id-unique")).toMatchObject({ hour: { checked: 27, failed: 1 } });
    expect(await ruleOf("no-card-number")).toMatchObject({
      state: "alert",
      hour: { checked: 28, failed: 1 },
    });
    expect(await ruleOf("order-line-quantity-positive")).toMatchObject({
      hour: { checked: 28, failed: 1 },
    });
    expect(await ruleOf("order-product-known")).toMatchObject({
      hour: { checked: 29, failed: 1 },
    });
    expect(await ruleOf("transactions-schema")).toMatchObject({
      hour: { checked: 28, failed: 1 },
      fields: [{ field: "/coupon", hour: 1, day: 1 }],
    });
    expect((await alertsOf("order-total-not-negative")).map(({ status }) => status)).toEqual([
      "open",
    ]);
    const { topics } = await get("/governance/quality");
    expect(topics).toContainEqual(
      expect.objectContaining({ topic: "transactions", hour: 28, day: 28 }),
    );
  });

  it("resolves an alert when it is over", async () => {
    for (let i = 0; i < 300; i += 1) await send("transactions", "order.completed", order(`n${i}`));
    await pass(18 * minuteMs);
    expect(await alertsOf("order-total-not-negative")).toMatchObject([
      { status: "resolved", reason: "recovered", severity: "critical", kind: "rule" },
    ]);
    expect(await ruleOf("order-total-not-negative")).toMatchObject({
      state: "ok",
      day: { checked: 328, failed: 3 },
    });
  });

  it("notices late events, too few, and none at all, from the time alone", async () => {
    const late = { time: clock.now() - 90 * minuteMs };
    for (let i = 0; i < 8; i += 1) await send("meters", "meter.read", { value: i, unit: "kWh" });
    for (let i = 0; i < 4; i += 1) await send("meters", "meter.read", { value: null }, late);
    await pass(2 * minuteMs);
    expect(await ruleOf("meter-lag")).toMatchObject({
      state: "alert",
      hour: { checked: 12, failed: 4 },
    });
    expect(await alertsOf("meter-volume")).toEqual([]);
    await pass(10 * minuteMs);
    expect(await alertsOf("meter-volume")).toMatchObject([
      { status: "open", kind: "volume", observed: 0, low: 1 },
    ]);
    expect(await alertsOf("meter-silent")).toEqual([]);
    await pass(12 * minuteMs);
    expect(await alertsOf("meter-silent")).toMatchObject([
      { status: "open", kind: "silence", severity: "critical" },
    ]);
    await send("meters", "meter.read", { value: 1 });
    await pass(2 * minuteMs);
    expect(await alertsOf("meter-silent")).toMatchObject([{ status: "resolved" }]);
    expect(await ruleOf("meter-silent")).toMatchObject({ state: "ok", day: { checked: 0 } });
    expect(await ruleOf("user-events-not-silent")).toMatchObject({ state: "idle" });
  });

  it("profiles fields by type, and shows values of categories alone", async () => {
    const [profile] = (await get("/governance/quality/profiles", { topic: "meters" }))[
      "profiles"
    ] as ReadonlyArray<{ type: string; sampled: number; fields: ReadonlyArray<object> }>;
    expect(profile).toMatchObject({ type: "meter.read", sampled: 13 });
    expect(profile?.fields).toMatchObject([
      { field: "unit", count: 13, nulls: 5, distinct: 1, top: [{ value: "kWh", count: 8 }] },
      { field: "value", count: 13, nulls: 4, nullShare: 4 / 13, distinct: 8 },
    ]);
    const shown = JSON.stringify(
      await get("/governance/quality/profiles", { topic: "transactions" }),
    );
    expect(shown).toContain('"field":"products[].price"');
    expect(shown).not.toContain("tok_1");
  });

  it("stands what is hostile, and holds no event up", async () => {
    let deep: unknown = "x";
    for (let i = 0; i < 2_000; i += 1) deep = { deep };
    const hostile: Record<string, unknown>[] = [
      { value: "x".repeat(1_000_000), unit: "y".repeat(1_000_000) },
      { value: deep, unit: deep },
      { ["__proto__"]: 1, constructor: null, toString: [], hasOwnProperty: {} },
      JSON.parse('{"__proto__": {"polluted": true}, "value": 1e308}') as Record<string, unknown>,
      Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, i])),
      { value: [[[]], [null], { a: [{}] }], unit: ["kWh", 7, null] },
    ];
    for (const data of hostile) await send("meters", "meter.read", data);
    await send("transactions", "order.completed", {
      order_id: "__proto__",
      total: { valueOf: 1 },
      currency: "EURO",
      products: Array.from({ length: 3_000 }, () => ({ product_id: "__proto__", price: {} })),
    });
    await send("transactions", "__proto__", { order_id: "constructor" });
    await send("meters", "meter.read", { value: 3 });
    await pass(2 * minuteMs);
    expect(await ruleOf("meter-lag")).toMatchObject({ day: { checked: 20, failed: 4 } });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(await readTopic(platform.port("eventLog"), "meters.dlq")).toEqual([]);
    expect(await readTopic(platform.port("eventLog"), "transactions.dlq")).toEqual([]);
    expect(await ruleOf("order-currency-known")).toMatchObject({
      day: { checked: 329, failed: 1 },
    });
  });

  it("keeps what it says to the schemas it declares, and the lake agrees with the log", async () => {
    const seen = { measured: 0, alerts: 0 };
    const log = platform.port("eventLog");
    for (const topic of ["data-quality", "system-metrics"]) {
      for (const record of await readTopic(log, topic)) {
        const event = platform.decode(record);
        const definition = [qualityMeasured, alertRaised, alertResolved].find(
          ({ type }) => type === event?.type,
        );
        if (definition === undefined || event === undefined) continue;
        definition.schema.parse(event.data);
        if (definition === qualityMeasured) seen.measured += 1;
        else seen.alerts += 1;
      }
    }
    expect(seen.measured).toBeGreaterThan(4);
    expect(seen.alerts).toBeGreaterThanOrEqual(8);
    const { rows } = await queryEngine.query({
      sql: "select sum(checked) as n from quality_results where rule = 'events' and source_topic = 'transactions'",
      tenant: "acme",
      tables: { quality_results: {} },
    });
    expect(Number(rows[0]?.["n"])).toBe(330);
  });
});
