import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { commerceEvents } from "../../src/commerce/index.ts";
import { createSchemaRegistry } from "../../src/events/schema-registry.ts";
import {
  demoHistory,
  fraudScenarios,
  labelPayload,
  type Payload,
  type SimulatedEvent,
  type SimulationOptions,
  simulate,
} from "../../src/simulator/index.ts";

const dayMs = 86_400_000;
const from = Date.UTC(2026, 2, 2);
const week: SimulationOptions = { seed: 7, from, to: from + 7 * dayMs };

const registry = createSchemaRegistry();
for (const definition of commerceEvents) registry.register(definition);

function sha256(events: Iterable<SimulatedEvent>): string {
  const hash = createHash("sha256");
  for (const event of events) hash.update(`${JSON.stringify(event)}\n`);
  return hash.digest("hex");
}

function text(payload: Payload, name: string): string {
  const value = payload[name];
  return typeof value === "string" ? value : "";
}

function properties(payload: Payload): Readonly<Record<string, unknown>> {
  return Object(payload["properties"]);
}

function count<T>(
  items: Iterable<T>,
  key: (item: T) => string | number,
): Map<string | number, number> {
  const counts = new Map<string | number, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

describe("the same seed", () => {
  const days = { ...week, to: from + 2 * dayMs };
  const faults = { malformed: 0.01, late: 0.01, duplicate: 0.01, outOfOrder: 0.05 };

  test("gives the same bytes, however they are read", () => {
    const options = { ...days, faults };
    const whole = sha256(simulate(options));
    expect(sha256(simulate(options))).toBe(whole);
    const generator = simulate(options);
    const hash = createHash("sha256");
    for (let size = 1; ; size = (size * 7) % 1009) {
      const chunk = Array.from({ length: size }, () => generator.next()).filter(
        ({ done }) => done !== true,
      );
      hash.update(chunk.map(({ value }) => `${JSON.stringify(value)}\n`).join(""));
      if (chunk.length < size) break;
    }
    expect(hash.digest("hex")).toBe(whole);
  });

  test("and another gives others", () => {
    expect(sha256(simulate({ ...days, seed: 8 }))).not.toBe(sha256(simulate(days)));
  });
});

describe("the demo's ninety days", () => {
  const until = Date.UTC(2026, 10, 22, 9);
  const options = demoHistory(until);
  const events = [...simulate(options)];
  const named = (name: string) => events.filter(({ payload }) => payload["event"] === name);
  const orders = named("Order Completed");

  test("hold at least 20,000 orders and 300,000 events, in order and in time", () => {
    expect(orders.length).toBeGreaterThanOrEqual(20_000);
    expect(events.length).toBeGreaterThanOrEqual(300_000);
    const astray = events.findIndex(
      ({ at }, i) => at < (events[i - 1]?.at ?? options.from) || at >= until,
    );
    expect(astray).toBe(-1);
  });

  test("every event has an id of its own, a time and a visitor, and is planned by the catalogue without a warning", () => {
    const ids = new Set<unknown>();
    const seen = new Map<string, number>();
    for (const { payload, at } of events) {
      ids.add(payload["messageId"]);
      if (Date.parse(text(payload, "timestamp")) !== at)
        expect.fail("the time is not the delivery's");
      if (typeof (payload["anonymousId"] ?? payload["userId"]) !== "string")
        expect.fail("nobody did it");
      const type = text(payload, "type");
      const definition = registry.resolve(type === "track" ? text(payload, "event") : type);
      if (definition === undefined) expect.fail(`unknown: ${text(payload, "event")}`);
      const before = seen.get(definition.type) ?? 0;
      seen.set(definition.type, before + 1);
      if (before > 1000) continue;
      const parsed = definition.schema.safeParse(
        JSON.parse(JSON.stringify(payload["properties"] ?? payload["traits"])),
      );
      if (!parsed.success) expect.fail(`${definition.type}: ${parsed.error.message}`);
      expect(definition.normalise?.(parsed.data).warnings ?? []).toEqual([]);
      const planned = registry.jsonSchema(definition).properties ?? {};
      expect(
        Object.keys(Object(parsed.data)).filter((name) => !Object.hasOwn(planned, name)),
      ).toEqual([]);
    }
    expect(ids.size).toBe(events.length);
    expect([...seen.keys()].toSorted((a, b) => a.localeCompare(b))).toEqual(
      "campaign.spend_recorded cart.viewed chargeback.received checkout.started coupon.applied customer.identified inventory.updated order.completed page.viewed payment_info.entered payment.authorised payment.captured payment.failed product.added product.updated product.viewed refund.created session.started shipment.updated".split(
        " ",
      ),
    );
  });

  test("evenings are busier than nights, and Sundays than Wednesdays", () => {
    const hours = count(orders, ({ at }) => new Date(at).getUTCHours());
    const evening = (hours.get(19) ?? 0) + (hours.get(20) ?? 0);
    const night = (hours.get(2) ?? 0) + (hours.get(3) ?? 0);
    expect(evening / night).toBeGreaterThan(8);
    const days = count(orders, ({ at }) => new Date(at).getUTCDay());
    expect((days.get(0) ?? 0) / (days.get(3) ?? 1)).toBeGreaterThan(1.1);
  });

  test("some customers come again and some are guests", () => {
    const buyers = count(
      orders.filter(({ payload }) => payload["userId"] !== undefined),
      ({ payload }) => text(payload, "userId"),
    );
    const again = [...buyers.values()].filter((times) => times > 1).length / buyers.size;
    expect(again).toBeGreaterThan(0.2);
    expect(again).toBeLessThan(0.7);
    const guests =
      orders.filter(({ payload }) => payload["userId"] === undefined).length / orders.length;
    expect(guests).toBeGreaterThan(0.03);
    expect(guests).toBeLessThan(0.2);
  });

  test("about seven in a hundred orders are refunded, later and for no more than was paid", () => {
    const placed = new Map(
      orders.map(({ at, payload }) => [
        properties(payload)["order_id"],
        { at, properties: properties(payload) },
      ]),
    );
    const refunds = named("refund.created");
    expect(refunds.length / orders.length).toBeGreaterThan(0.045);
    expect(refunds.length / orders.length).toBeLessThan(0.09);
    for (const { at, payload } of refunds) {
      const order =
        placed.get(properties(payload)["order_id"]) ?? expect.fail("a refund of nothing");
      expect(at).toBeGreaterThan(order.at);
      const refunded = registry.resolve("refund.created")?.normalise?.(properties(payload)).data;
      // Rounding a tenth off each line may differ by a cent a line from a tenth off the whole.
      expect(Number(Object(refunded)["subtotal"])).toBeLessThanOrEqual(
        Number(order.properties["subtotal"]) + 0.1,
      );
    }
  });

  test("every scenario happens, and every label names a delivered event", () => {
    const labelled = events.filter(({ label }) => label !== undefined);
    expect(new Set(labelled.map(({ label }) => label?.scenario))).toEqual(new Set(fraudScenarios));
    for (const { label, payload, at } of labelled) {
      expect(label?.messageId).toBe(payload["messageId"]);
      expect(label?.availableAt).toBeGreaterThan(at);
      const report = label && labelPayload(label);
      expect(registry.get("label.recorded")?.schema.safeParse(report?.["properties"]).success).toBe(
        true,
      );
    }
    expect(labelled.length / events.length).toBeLessThan(0.01);
  });

  test("the drop of half a day shows", () => {
    const halfDay = (begin: number) =>
      orders.filter(({ at }) => at >= begin && at < begin + dayMs / 2).length;
    const drop = halfDay(until - 24 * dayMs);
    const usual = halfDay(until - 31 * dayMs);
    expect(drop).toBeLessThan(usual / 3);
  });
});

describe("faults", () => {
  const share = 0.02;
  const events = [
    ...simulate({
      ...week,
      faults: { malformed: share, late: share, duplicate: share, outOfOrder: share },
    }),
  ];
  const faulty = (fault: SimulatedEvent["fault"]) =>
    events.filter((event) => event.fault === fault);

  test.each(["malformed", "late", "duplicate", "out_of_order"] as const)(
    "about the wanted share is %s",
    (fault) => {
      expect(faulty(fault).length / events.length).toBeGreaterThan(share / 2);
      expect(faulty(fault).length / events.length).toBeLessThan(share * 1.5);
    },
  );

  test("a malformed event has no time, no type, or data its schema refuses", () => {
    for (const { payload } of faulty("malformed")) {
      const type = text(payload, "type");
      const definition = registry.resolve(type === "track" ? text(payload, "event") : type);
      expect(
        Number.isNaN(Date.parse(text(payload, "timestamp"))) ||
          definition === undefined ||
          !definition.schema.safeParse(payload["properties"]).success,
      ).toBe(true);
    }
  });

  test("a duplicate has the id of an event, and late ones overtake nothing but time", () => {
    const ids = count(events, ({ payload }) => text(payload, "messageId"));
    const twice = [...ids.values()].filter((times) => times > 1).length;
    expect(twice).toBeGreaterThan(0.9 * faulty("duplicate").length);
    for (const { at, payload } of faulty("late"))
      expect(at).toBeGreaterThan(Date.parse(text(payload, "timestamp")));
  });
});

test("ten thousand orders a second on demand", () => {
  const events = [
    ...simulate({
      from,
      to: from + 1000,
      ordersPerDay: 10_000 * 86_400,
      journeys: "orders",
      seasonal: false,
      catalogue: false,
      fraud: {},
    }),
  ];
  const orders = events.filter(({ payload }) => payload["event"] === "Order Completed").length;
  expect(orders).toBeGreaterThan(9500);
  expect(orders).toBeLessThan(10_500);
});

test("a spike multiplies traffic", () => {
  const spiked = {
    ...week,
    seasonal: false,
    anomalies: [{ from: from + dayMs, to: from + 2 * dayMs, factor: 5 }],
  };
  const perDay = count(
    [...simulate(spiked)].filter(({ payload }) => payload["event"] === "Order Completed"),
    ({ at }) => Math.floor((at - from) / dayMs),
  );
  expect((perDay.get(1) ?? 0) / (perDay.get(3) ?? 1)).toBeGreaterThan(4);
});
