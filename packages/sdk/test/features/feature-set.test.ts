import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defineFeatures, type FeatureDefinition } from "../../src/features/index.ts";
import { manualClock, memoryStateStore } from "../../src/memory/index.ts";

interface Payment {
  readonly card?: string;
  readonly amount: number;
  readonly country: string;
}
const hour = 3_600_000;
const card = (payment: Payment): string | undefined => payment.card;
const shared = { entity: "card", key: card, windowMs: hour, bucketMs: 60_000 } as const;
const features: ReadonlyArray<FeatureDefinition<Payment>> = [
  { ...shared, name: "count_1h", aggregate: "count" },
  { ...shared, name: "count_before_1h", aggregate: "count", includes: "before" },
  { ...shared, name: "sum_1h", aggregate: "sum", value: ({ amount }) => amount },
  { ...shared, name: "max_1h", aggregate: "max", value: ({ amount }) => amount, missing: -1 },
  { ...shared, name: "countries_1h", aggregate: "distinct", value: ({ country }) => country },
  {
    ...shared,
    name: "large_1h",
    aggregate: "count",
    filter: ({ amount }) => amount >= 100,
  },
  {
    name: "country_count_1h",
    entity: "country",
    key: ({ country }) => country,
    windowMs: hour,
    aggregate: "count",
  },
];

const start = Date.UTC(2026, 0, 15, 12);

test("values are what counting by hand over the window gives, whatever comes in whatever order of cards", async () => {
  const payment = fc.record({
    card: fc.constantFrom("a", "b"),
    amount: fc.integer({ min: 1, max: 200 }),
    country: fc.constantFrom("DE", "FR", "GB"),
    after: fc.integer({ min: 0, max: 20 }).map((minutes) => minutes * 60_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(payment, { maxLength: 30 }), async (payments) => {
      const clock = manualClock(start);
      const store = memoryStateStore({ clock });
      const set = defineFeatures("test", features);
      const seen: Array<Payment & { readonly at: number }> = [];
      for (const [index, { after, ...subject }] of payments.entries()) {
        clock.advance(after);
        const at = clock.now();
        const given = { tenant: "acme", id: String(index), at, subject };
        const values = await set.contribute(store, given);
        const before = seen.filter((old) => old.card === subject.card && old.at > at - hour);
        const now = [...before, subject];
        seen.push({ ...subject, at });
        expect(values).toEqual({
          count_1h: now.length,
          count_before_1h: before.length,
          sum_1h: now.reduce((sum, { amount }) => sum + amount, 0),
          max_1h: Math.max(...now.map(({ amount }) => amount)),
          countries_1h: new Set(now.map(({ country }) => country)).size,
          large_1h: now.filter(({ amount }) => amount >= 100).length,
          country_count_1h: expect.any(Number) as number,
        });
        // Repeated, it changes nothing.
        expect(await set.contribute(store, given)).toEqual(values);
      }
    }),
    { numRuns: 40 },
  );
});

describe("an occurrence", () => {
  const subject: Payment = { amount: 5, country: "DE" };

  test("without the entity has the missing values of its features", async () => {
    const store = memoryStateStore({ clock: manualClock(start) });
    const set = defineFeatures("test", features);
    const values = await set.contribute(store, { tenant: "a", id: "1", at: start, subject });
    expect(values).toMatchObject({ count_1h: 0, max_1h: -1, country_count_1h: 1 });
  });

  test("counts for its tenant and its set alone", async () => {
    const store = memoryStateStore({ clock: manualClock(start) });
    const given = { id: "1", at: start, subject: { ...subject, card: "x" } };
    const one = defineFeatures("one", features);
    await one.contribute(store, { ...given, tenant: "a" });
    expect((await one.contribute(store, { ...given, id: "2", tenant: "b" }))["count_1h"]).toBe(1);
    const two = defineFeatures("two", features);
    expect((await two.contribute(store, { ...given, id: "3", tenant: "a" }))["count_1h"]).toBe(1);
    expect((await one.contribute(store, { ...given, id: "4", tenant: "a" }))["count_1h"]).toBe(2);
  });

  test("of concurrent requests each sees another count", async () => {
    const store = memoryStateStore({ clock: manualClock(start) });
    const set = defineFeatures("test", features);
    const values = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        set.contribute(store, {
          tenant: "a",
          id: String(i),
          at: start,
          subject: { ...subject, card: "x" },
        }),
      ),
    );
    const counts = values.map((value) => value["count_1h"] ?? 0).toSorted((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });
});

test("two features of one entity and name are refused", () => {
  const [first] = features;
  expect(() => defineFeatures("twice", first === undefined ? [] : [first, first])).toThrow(
    /has the name/,
  );
});
