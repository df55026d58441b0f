import { silentLogger } from "@ecap/sdk";
import { manualClock, memory } from "@ecap/sdk/memory";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Transaction } from "../../src/contract.ts";
import { decide } from "../../src/decide.ts";
import { decisionEvents, decisionMade } from "../../src/fraud-events.ts";
import { defaultOptions } from "../../src/options.ts";
import { createRuleBook } from "../../src/rules/rule-book.ts";
import { paymentSignals } from "../../src/signals/payment-signals.ts";

const now = Date.UTC(2026, 2, 3, 12);
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const stockholm = { location: { latitude: 59.33, longitude: 18.07 }, country: { iso_code: "SE" } };
const sydney = { location: { latitude: -33.87, longitude: 151.21 }, country: { iso_code: "AU" } };
const cities: Readonly<Record<string, typeof sydney>> = {
  "192.0.2.1": stockholm,
  "192.0.2.2": sydney,
};

/** Decides on payments one after the other, at their times. */
function desk() {
  const clock = manualClock(now);
  const { stateStore } = memory({ clock });
  const rules = createRuleBook({ stateStore, clock, logger: silentLogger, modelPoints: 60 });
  const signals = paymentSignals({
    geo: { city: (ip) => cities[ip], anonymous: (ip) => ({ is_anonymous: ip === "192.0.2.2" }) },
  });
  return async (given: Partial<Transaction>) => {
    const { time = 0 } = given;
    if (time > clock.now() && time < now + 30 * dayMs) clock.set(time);
    return decide(
      { id: `p${clock.now()}`, amount: 20, ...given },
      { stateStore, clock, rules, thresholds: defaultOptions.thresholds, signals },
    );
  };
}

describe("travel", () => {
  test("of a customer who pays in Stockholm and an hour later in Sydney is impossible", async () => {
    const pay = desk();
    const customerId = "ann";
    const first = await pay({ customerId, ip: "192.0.2.1", time: now });
    expect(first.decision.features["travel_kmh"]).toBeUndefined();
    expect(first.decision.facts["ip.country"]).toBe("SE");
    const second = await pay({ customerId, ip: "192.0.2.2", time: now + hourMs });
    expect(second.decision.features["travel_km"]).toBeCloseTo(15_600, -3);
    expect(second.decision.features["travel_kmh"]).toBeGreaterThan(15_000);
    expect(second.decision.features["ip_anonymous"]).toBe(1);
    // Back after three days is a journey, and at home is none.
    const third = await pay({ customerId, ip: "192.0.2.1", time: now + 3 * dayMs });
    expect(third.decision.features["travel_kmh"]).toBeLessThan(300);
    const fourth = await pay({ customerId, ip: "192.0.2.1", time: now + 3 * dayMs + 1 });
    expect(fourth.decision.features["travel_kmh"]).toBe(0);
  });

  test("is not known of an address the database does not know, which is said", async () => {
    const pay = desk();
    const { decision } = await pay({ customerId: "ann", ip: "198.51.100.1" });
    expect(decision.features["travel_kmh"]).toBeUndefined();
    expect(decision.missing).toContain("ip.country: address not in the database");
  });
});

const attributes = (seed: string) =>
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`a${i}`, `${seed} ${i}`]));

test("a device that is not the customer's is unlike the last one", async () => {
  const pay = desk();
  await pay({ customerId: "ann", device: attributes("own"), time: now });
  const same = await pay({
    customerId: "ann",
    device: { ...attributes("own"), a3: "updated" },
    time: now + hourMs,
  });
  const other = await pay({ customerId: "ann", device: attributes("other"), time: now + dayMs });
  expect(same.decision.features["device_similarity"]).toBeGreaterThan(0.75);
  expect(other.decision.features["device_similarity"]).toBeLessThan(0.7);
});

describe("habit", () => {
  test("hours and amounts are known from the fifth payment on", async () => {
    const pay = desk();
    const customerId = "ann";
    for (let day = 0; day < 5; day += 1) {
      const { decision } = await pay({
        customerId,
        amount: 20 + day,
        time: now + day * dayMs + (day % 2) * hourMs,
      });
      expect(decision.features["habit_hours_off"]).toBeUndefined();
      expect(decision.features["amount_z"]).toBeUndefined();
    }
    const usual = await pay({ customerId, amount: 22, time: now + 6 * dayMs });
    expect(usual.decision.features["habit_hours_off"]).toBeLessThan(1);
    expect(Math.abs(usual.decision.features["amount_z"] ?? 99)).toBeLessThan(1);
    const night = await pay({ customerId, amount: 900, time: now + 7 * dayMs - 10 * hourMs });
    expect(night.decision.features["habit_hours_off"]).toBeCloseTo(10, 0);
    expect(night.decision.features["amount_z"]).toBeGreaterThan(10);
    expect(night.decision.features["customer_age"]).toBe(7 * dayMs - 10 * hourMs);
    expect(night.decision.features["customer_since_last"]).toBe(14 * hourMs);
  });
});

test("cards of one issuer's number, one mailbox and one telephone are counted together", async () => {
  const pay = desk();
  for (let i = 0; i < 4; i += 1)
    await pay({
      id: `p${i}`,
      cardId: `k${i}`,
      customerId: `c${i}`,
      cardBin: "457173",
      email: `ann+${i}@shop.test`,
      phone: "+49 170 8239416",
      failed: i > 0,
    });
  const { decision } = await pay({
    id: "last",
    cardId: "k9",
    customerId: "c9",
    cardBin: "457173",
    email: "ann@shop.test",
    phone: "+491708239416",
  });
  expect(decision.features).toMatchObject({
    bin_cards_10m: 5,
    bin_failed_1h: 3,
    email_count_24h: 5,
    email_cards_7d: 5,
    phone_customers_7d: 5,
  });
});

describe("whatever comes in", () => {
  const long = "x".repeat(1 << 20);
  const bad = fc.constantFrom<unknown>(
    undefined,
    null,
    Number.NaN,
    Infinity,
    -Infinity,
    1e300,
    -1,
    0,
    "",
    "x",
    long,
    true,
    [],
    {},
    { startedAt: "x", pages: {}, pasted: 1 },
    { a: long, b: { c: 1 }, [long]: 1 },
    "2026-01-01",
    8.64e15,
    Date.UTC(1600, 0),
    Date.UTC(2026, 2, 9),
  );
  const names = [
    "id",
    "tenant",
    "time",
    "amount",
    "currency",
    "orderId",
    "customerId",
    "cardId",
    "deviceId",
    "ip",
    "country",
    "cardCountry",
    "failed",
    "email",
    "phone",
    "name",
    "billingCountry",
    "shippingCountry",
    "cardBin",
    "device",
    "session",
  ];

  test("a decision comes back, names what was missing, and can be recorded", async () => {
    const pay = desk();
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), bad), async (given) => {
        const decided = await pay(given);
        const { decision } = decided;
        expect(decision.outcome).toMatch(/^(approve|challenge|review|decline)$/);
        expect(decision.missing?.length).toBeGreaterThan(0);
        expect(Object.values(decision.features).every(Number.isFinite)).toBe(true);
        const [made] = decisionEvents(decided.payment, decided);
        const recorded = JSON.parse(JSON.stringify(made?.data)) as unknown;
        expect(decisionMade.schema.safeParse(recorded).error).toBeUndefined();
        expect(JSON.stringify(made).length).toBeLessThan(60_000);
      }),
      { numRuns: 200 },
    );
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["an amount that is none", { amount: Number.NaN }, "amount: no number, or an absurd one"],
    ["an absurd amount", { amount: 1e200 }, "amount: no number, or an absurd one"],
    ["a currency nobody has", { currency: "XQZ" }, "currency: unknown"],
    ["a time in the future", { time: now + 9 * dayMs }, "time: no time"],
    ["an ancient time", { time: Date.UTC(1500, 0) }, "time: no time"],
    ["an address that is none", { ip: "10.0.0.300" }, "ip: no address"],
    ["a number for a text", { customerId: 7 }, "customerId: no text"],
  ])("%s is named", async (_, given, missing) => {
    const clock = manualClock(now);
    const { stateStore } = memory({ clock });
    const rules = createRuleBook({ stateStore, clock, logger: silentLogger, modelPoints: 60 });
    const { decision } = await decide(
      { id: "p", amount: 20, ...given },
      { stateStore, clock, rules, thresholds: defaultOptions.thresholds },
    );
    expect(decision.missing).toEqual(expect.arrayContaining([expect.stringContaining(missing)]));
  });
});
