import { describe, expect, test } from "vitest";
import {
  type FraudScenario,
  fraudScenarios,
  type SimulatedEvent,
  simulate,
} from "../../src/simulator/index.ts";

const dayMs = 86_400_000;
const from = Date.UTC(2026, 2, 2);
// Every visit buys, so that there is much of what this is about.
const shop = { from, to: from + 40 * dayMs, ordersPerDay: 200, conversion: 1, catalogue: false };

interface Payment {
  readonly at: number;
  readonly orderId: string;
  readonly customer: string | undefined;
  readonly device: string;
  readonly ip: string;
  readonly card: string;
  readonly cardCountry: string;
  readonly deliveredTo: string;
  readonly payerIn: string;
  readonly amount: number;
  readonly failed: boolean;
  readonly scenario: FraudScenario | undefined;
}

function paymentsOf(events: readonly SimulatedEvent[]): readonly Payment[] {
  return events.flatMap(({ at, payload, label }) => {
    const { event, userId } = payload;
    if (event !== "payment.authorised" && event !== "payment.failed") return [];
    const data = Object(payload["properties"]);
    const context = Object(payload["context"]);
    return {
      at,
      orderId: data.order_id,
      customer: userId as string | undefined,
      device: context.device.id,
      ip: context.ip,
      card: data.card_id,
      cardCountry: data.card_country,
      deliveredTo: data.country,
      payerIn: context.location.country,
      amount: data.amount,
      failed: event === "payment.failed",
      scenario: label?.scenario,
    };
  });
}

const events = [...simulate({ ...shop, seed: "life" })];
const all = paymentsOf(events);
const honest = all.filter(({ scenario }) => scenario === undefined);
const paid = honest.filter(({ failed }) => !failed);
const share = (holds: (payment: Payment) => boolean): number => part(paid, holds);

/** By a key, how many different values of another. */
function distinct(key: keyof Payment, value: keyof Payment): readonly number[] {
  const found = new Map<unknown, Set<unknown>>();
  for (const payment of paid) {
    if (payment[key] === undefined || payment[value] === undefined) continue;
    found.set(payment[key], (found.get(payment[key]) ?? new Set()).add(payment[value]));
  }
  return [...found.values()].map(({ size }) => size);
}

const severalIn = (counts: readonly number[]): number =>
  counts.filter((count) => count > 1).length / counts.length;

describe("honest customers", () => {
  test("some pay from another country than they are delivered to, and some with a foreign card", () => {
    expect(share((each) => each.payerIn !== each.deliveredTo)).toBeGreaterThan(0.02);
    expect(share((each) => each.payerIn !== each.deliveredTo)).toBeLessThan(0.08);
    expect(share((each) => each.cardCountry !== each.deliveredTo)).toBeGreaterThan(0.03);
    expect(share((each) => each.cardCountry !== each.deliveredTo)).toBeLessThan(0.12);
  });

  test("have second cards and new devices, and households share devices, cards and addresses", () => {
    expect(severalIn(distinct("customer", "card"))).toBeGreaterThan(0.01);
    expect(severalIn(distinct("customer", "device"))).toBeGreaterThan(0.03);
    expect(severalIn(distinct("device", "customer"))).toBeGreaterThan(0.005);
    expect(severalIn(distinct("card", "customer"))).toBeGreaterThan(0.002);
    expect(Math.max(...distinct("ip", "customer"))).toBeGreaterThan(10);
  });

  test("are refused now and then, and pay for the order at once, some with another card", () => {
    const refused = honest.filter(({ failed }) => failed);
    expect(refused.length / paid.length).toBeGreaterThan(0.025);
    expect(refused.length / paid.length).toBeLessThan(0.055);
    const cards = new Map(paid.map(({ orderId, card }) => [orderId, card]));
    const other = refused.filter(({ orderId, card }) => cards.get(orderId) !== card);
    expect(other.length / refused.length).toBeGreaterThan(0.25);
    expect(other.length / refused.length).toBeLessThan(0.55);
  });

  test("buy again within the hour, and some fill dear baskets", () => {
    const last = new Map<string, number>();
    const soon = paid.filter(({ card, at }) => {
      const before = last.get(card);
      last.set(card, at);
      return before !== undefined && at - before < 3_600_000;
    });
    expect(soon.length / paid.length).toBeGreaterThan(0.02);
    expect(soon.length / paid.length).toBeLessThan(0.08);
    expect(share(({ amount }) => amount > 1_000)).toBeGreaterThan(0.01);
  });

  test("send some orders back, returners most, and say of lost parcels what abusers say", () => {
    const refunds = events.filter(
      ({ payload, label }) => payload["event"] === "refund.created" && label === undefined,
    );
    const reasons = refunds.map(({ payload }) => Object(payload["properties"]).reason);
    const lost = reasons.filter((reason) => reason === "item not received").length;
    expect(lost / refunds.length).toBeGreaterThan(0.03);
    expect(lost / refunds.length).toBeLessThan(0.15);
  });
});

function part(payments: readonly Payment[], holds: (payment: Payment) => boolean): number {
  return payments.filter(holds).length / payments.length;
}

describe("frauds", () => {
  // More of them, so that each scenario is there many times.
  const fraud = Object.fromEntries(fraudScenarios.map((scenario) => [scenario, 3]));
  const frauds = paymentsOf([...simulate({ ...shop, seed: "frauds", fraud })]).filter(
    ({ scenario }) => scenario !== undefined,
  );
  const of = (scenario: FraudScenario): readonly Payment[] =>
    frauds.filter((payment) => payment.scenario === scenario);

  test("are at most one payment in two hundred, refused ones counted or not", () => {
    const labelled = all.filter(({ scenario }) => scenario !== undefined);
    expect(labelled.length).toBeGreaterThan(10);
    expect(labelled.length / all.length).toBeLessThanOrEqual(0.005);
    const authorised = all.filter(({ failed }) => !failed);
    const passed = labelled.filter(({ failed }) => !failed);
    expect(passed.length / authorised.length).toBeLessThanOrEqual(0.005);
  });

  test("card testing tries many cards with small amounts, few on one device", () => {
    const tries = of("card_testing");
    expect(part(tries, ({ failed }) => failed)).toBeGreaterThan(0.7);
    expect(part(tries, ({ amount }) => amount < 50)).toBe(1);
    const devices = new Map<string, number>();
    for (const { device } of tries) devices.set(device, (devices.get(device) ?? 0) + 1);
    expect(Math.max(...devices.values())).toBeLessThanOrEqual(5);
  });

  test("account takeovers come from abroad on the customer's card, about half of them delivered at home", () => {
    const takeovers = of("account_takeover");
    expect(part(takeovers, ({ customer }) => customer !== undefined)).toBe(1);
    const atHome = part(takeovers, (each) => each.deliveredTo !== each.payerIn);
    expect(atHome).toBeGreaterThan(0.25);
    expect(atHome).toBeLessThan(0.75);
  });

  test("stolen cards are about half of the country they are used in", () => {
    const abroad = part(of("stolen_card"), (each) => each.cardCountry !== each.payerIn);
    expect(abroad).toBeGreaterThan(0.3);
    expect(abroad).toBeLessThan(0.7);
  });

  test("velocity bursts use two devices and one card", () => {
    const devices = new Map<string, Set<string>>();
    for (const { card, device } of of("velocity_burst"))
      devices.set(card, (devices.get(card) ?? new Set()).add(device));
    expect(devices.size).toBeGreaterThan(5);
    expect(new Set([...devices.values()].map(({ size }) => size))).toContain(2);
    expect(Math.max(...[...devices.values()].map(({ size }) => size))).toBe(2);
    expect(of("velocity_burst").length / devices.size).toBeGreaterThan(6);
  });

  test("abusers of refunds order three to six times", () => {
    const abusers = new Map<string | undefined, number>();
    for (const { customer } of of("refund_abuse"))
      abusers.set(customer, (abusers.get(customer) ?? 0) + 1);
    expect(Math.max(...abusers.values())).toBeLessThanOrEqual(6);
    expect(abusers.has(undefined)).toBe(false);
  });
});
