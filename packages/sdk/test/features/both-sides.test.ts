import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Arrival,
  compareSides,
  defineFeatures,
  type FeatureDefinition,
  featureRegistry,
  isWindowFeature,
  replay,
  startReplay,
  type WindowFeature,
} from "../../src/features/index.ts";
import { manualClock, memoryStateStore } from "../../src/memory/index.ts";

/** A payment, or a label of an earlier one: both contribute to one set. */
interface Subject {
  readonly card?: string | undefined;
  readonly amount?: number | undefined;
  readonly shop?: string | undefined;
  readonly fraud?: number | undefined;
}

const minute = 60_000;
const hour = 60 * minute;
const card = ({ card: id }: Subject): string | undefined => id;
const amount = ({ amount: value }: Subject): number | undefined => value;
const fraud = ({ fraud: value }: Subject): number | undefined => value;
const large = ({ amount: value = 0 }: Subject): boolean => value >= 50;
const own = { entity: "card", key: card, windowMs: hour } as const;
const amounts = { ...own, value: amount, series: "amount" } as const;

const features: ReadonlyArray<FeatureDefinition<Subject>> = [
  { ...amounts, name: "count", aggregate: "count" },
  { ...amounts, name: "count_exact", aggregate: "count", bucketMs: 1 },
  { ...amounts, name: "sum", aggregate: "sum" },
  { ...amounts, name: "sum_5m", aggregate: "sum", windowMs: 5 * minute, bucketMs: 5 * minute },
  { ...amounts, name: "sum_before", aggregate: "sum", includes: "before" },
  { ...amounts, name: "mean", aggregate: "mean" },
  { ...amounts, name: "mean_delayed", aggregate: "mean", delayMs: 20 * minute, missing: -1 },
  { ...amounts, name: "variance", aggregate: "variance", missing: Number.NaN },
  { ...amounts, name: "min", aggregate: "min" },
  { ...amounts, name: "max", aggregate: "max", includes: "before" },
  { ...amounts, name: "max_delayed", aggregate: "max", delayMs: 7 * minute, bucketMs: minute },
  { ...amounts, name: "ratio", aggregate: "ratio", missing: 1 },
  { ...amounts, name: "since_last", aggregate: "since_last", missing: -1 },
  { ...amounts, name: "age", aggregate: "age" },
  { ...own, name: "shops", aggregate: "distinct", value: ({ shop }) => shop },
  {
    ...own,
    name: "shops_delayed",
    aggregate: "distinct",
    value: ({ shop }) => shop,
    delayMs: hour,
  },
  { ...own, name: "large", aggregate: "count", value: amount, filter: large },
  { ...own, name: "fraud_share", aggregate: "mean", value: fraud, delayMs: 30 * minute },
  { ...own, name: "frauds", aggregate: "sum", value: fraud },
  {
    name: "everyone",
    entity: "all",
    key: () => "one",
    value: amount,
    aggregate: "count",
    windowMs: 2 * hour,
  },
  { name: "per_shop", derive: ({ count = 0, shops = 0 }) => count / shops, missing: -2 },
  { name: "hour", derive: (_, { at }) => new Date(at).getUTCHours() },
];
const set = defineFeatures("both", features);
const start = Date.UTC(2026, 0, 15, 12);

/** Events in order of arrival: some come late, some twice, some are labels that come after a while. */
const arrivals: fc.Arbitrary<ReadonlyArray<Arrival<Subject>>> = fc
  .array(
    fc.record({
      again: fc.option(fc.nat({ max: 49 }), { freq: 4, nil: undefined }),
      wait: fc.integer({ min: 0, max: 6 }).map((n) => n * 37_123),
      late: fc.constantFrom(0, 0, 0, 1, 61_000, 25 * minute, 70 * minute),
      card: fc.constantFrom("a", "b", undefined),
      amount: fc.integer({ min: 1, max: 100 }),
      shop: fc.constantFrom("x", "y", undefined),
      label: fc.constantFrom(undefined, undefined, 0, 1),
    }),
    { maxLength: 50 },
  )
  .map((list) => {
    const made: Array<Arrival<Subject>> = [];
    let arrivedAt = start;
    for (const { again, wait, late, label, card: id, amount: value, shop } of list) {
      arrivedAt += wait;
      const earlier = again === undefined ? undefined : made[again];
      const subject: Subject =
        label === undefined ? { card: id, amount: value, shop } : { card: id, fraud: label };
      const fresh = { tenant: "t", id: `e${made.length}`, at: arrivedAt - late, subject };
      made.push({ ...(earlier ?? fresh), arrivedAt });
    }
    return made;
  });

test("every aggregate is what its definition says of the events that arrived before", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async (list) => {
      const past: Array<Arrival<Subject>> = [];
      for await (const { arrival, values } of replay(set, list)) {
        // Repeats are told what they were told then; what that is, the store's contract says.
        if (!past.some(({ id }) => id === arrival.id)) {
          for (const feature of features.filter(isWindowFeature)) {
            const expected = naive(feature, past, arrival);
            if (feature.aggregate === "variance" && !Number.isNaN(expected))
              expect(values[feature.name]).toBeCloseTo(expected, 7);
            else expect([feature.name, values[feature.name]]).toEqual([feature.name, expected]);
          }
          const { count = 0, shops = 0 } = values;
          expect(values["per_shop"]).toBe(shops === 0 ? -2 : count / shops);
          expect(values["hour"]).toBe(new Date(arrival.at).getUTCHours());
          past.push(arrival);
        }
      }
    }),
    { numRuns: 80 },
  );
});

test("both sides give the same to the last bit, late and repeated events among them", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async (list) => {
      const clock = manualClock(start);
      const store = memoryStateStore({ clock });
      const proof = await compareSides(set, list, (arrival) => {
        clock.set(arrival.arrivedAt);
        return set.contribute(store, arrival);
      });
      expect(proof).toMatchObject({ compared: list.length, unequal: 0, examples: [] });
      expect(proof.values).toBe(list.length * features.length);
    }),
    { numRuns: 40 },
  );
});

test("what is passed counts as much as what is asked for its values", () => {
  const counted = defineFeatures(
    "after",
    features.filter(
      (each) =>
        isWindowFeature(each) &&
        !["ratio", "since_last"].includes(each.aggregate) &&
        each.includes !== "before",
    ),
  );
  fc.assert(
    fc.property(arrivals, fc.array(fc.boolean()), (list, passed) => {
      const [all, some] = [startReplay(counted), startReplay(counted)];
      list.forEach((arrival, i) => {
        const values = all.add(arrival);
        if (passed[i] === true) some.pass(arrival);
        else expect(some.add(arrival)).toEqual(values);
      });
    }),
  );
});

/** The definition read as it is written, over a list of everything. */
function naive(
  feature: WindowFeature<Subject>,
  past: ReadonlyArray<Arrival<Subject>>,
  now: Arrival<Subject>,
): number {
  const {
    aggregate,
    key,
    value,
    filter,
    windowMs,
    bucketMs = windowMs / 12,
    missing = 0,
  } = feature;
  const entity = key(now.subject);
  if (entity === undefined) return missing;
  const isBefore =
    feature.includes === "before" || aggregate === "ratio" || aggregate === "since_last";
  const seenAt = now.at - (feature.delayMs ?? 0);
  const bucket = (time: number): number => Math.floor(time / bucketMs);
  const isOver = (time: number): boolean =>
    feature.delayMs === undefined
      ? bucket(time) <= bucket(seenAt)
      : (bucket(time) + 1) * bucketMs - 1 <= seenAt;
  const inside = (isBefore ? past : [...past, now])
    .filter(({ subject }) => key(subject) === entity && filter?.(subject) !== false)
    .filter(({ at }) => bucket(at) > bucket(seenAt - windowMs) && isOver(at))
    .map(({ at, subject }) => ({ at, value: value === undefined ? 1 : value(subject) }))
    .filter((each) => each.value !== undefined);
  const numbers = inside.map((each) => Number(each.value));
  const times = inside.map(({ at }) => at);
  const sum = numbers.reduce((total, each) => total + each, 0);
  const mean = sum / numbers.length;
  const given = value?.(now.subject);
  const found = {
    count: numbers.length,
    sum,
    mean,
    variance:
      numbers.length < 2
        ? Number.NaN
        : numbers.reduce((total, each) => total + (each - mean) ** 2, 0) / (numbers.length - 1),
    min: Math.min(...numbers),
    max: Math.max(...numbers),
    distinct: new Set(inside.map((each) => each.value)).size,
    ratio: Number(given) / mean,
    since_last: Math.max(0, now.at - Math.max(...times)),
    age: Math.max(0, now.at - Math.min(...times)),
  }[aggregate];
  return Number.isFinite(found) ? found : missing;
}

describe("values nobody can add up", () => {
  test.each([
    ["NaN", Number.NaN],
    ["infinite", Infinity],
    ["absurd", 1e200],
    ["a text", "12" as unknown as number],
    ["null", null as unknown as number],
  ])("%s takes no part", async (_, value) => {
    const store = memoryStateStore({ clock: manualClock(start) });
    const give = (id: string, given: number) =>
      set.contribute(store, { tenant: "t", id, at: start, subject: { card: "a", amount: given } });
    await give("e1", 10);
    const values = await give("e2", value);
    expect(values).toMatchObject({ count: 1, sum: 10, max: 10 });
    expect((await give("e3", 20))["mean"]).toBe(15);
  });

  test("equal values far from zero have no variance", async () => {
    const store = memoryStateStore({ clock: manualClock(start) });
    let variance: number | undefined;
    for (let i = 0; i < 40; i += 1) {
      const subject = { card: "a", amount: 1_234_567.89 };
      variance = (await set.contribute(store, { tenant: "t", id: `${i}`, at: start, subject }))[
        "variance"
      ];
    }
    expect(variance).toBe(0);
  });

  test("an id of a megabyte is seen up to its 256th character", async () => {
    const store = memoryStateStore({ clock: manualClock(start) });
    const long = "x".repeat(1 << 20);
    const give = (id: string, cardId: string) =>
      set.contribute(store, {
        tenant: "t",
        id,
        at: start,
        subject: { card: cardId, amount: 1, shop: long },
      });
    await give("e1", long);
    expect(await give("e2", "x".repeat(256))).toMatchObject({ count: 2, shops: 1 });
  });
});

describe("a definition", () => {
  const fine: FeatureDefinition<Subject> = { ...amounts, name: "fine", aggregate: "sum" };

  test.each<[string, ReadonlyArray<FeatureDefinition<Subject>>, RegExp]>([
    ["of a second", [{ ...fine, windowMs: 1_000 }], /from a minute to 90 days/],
    ["of a year", [{ ...fine, windowMs: 365 * 24 * hour }], /from a minute to 90 days/],
    ["with a negative delay", [{ ...fine, delayMs: -1 }], /at most 90 days/],
    ["with a bucket past its window", [{ ...fine, bucketMs: 2 * hour }], /at most the window/],
    ["whose name is taken", [fine, { name: "fine", derive: () => 1 }], /has the name/],
    ["with another key", [fine, { ...fine, name: "b", key: () => "x" }], /different key/],
    [
      "that shares a series it differs from",
      [fine, { ...fine, name: "b", value: fraud }],
      /series/,
    ],
  ])("%s is refused", (_, given, message) => {
    expect(() => defineFeatures("set", given)).toThrow(message);
  });

  test("that changes makes another version", () => {
    const versions = [
      defineFeatures("set", [fine]),
      defineFeatures("set", [{ ...fine, windowMs: 2 * hour }]),
      defineFeatures("set", [{ ...fine, missing: Number.NaN }]),
      defineFeatures("set", [{ ...fine, delayMs: hour }]),
      defineFeatures("set", [fine], { version: "2" }),
    ].map(({ version }) => version);
    expect(new Set(versions).size).toBe(versions.length);
    expect(defineFeatures("set", [{ ...fine }]).version).toBe(versions[0]);
  });
});

describe("the registry", () => {
  const clock = manualClock(start);
  const occurrence = {
    tenant: "t",
    id: "e1",
    at: start,
    arrivedAt: start,
    subject: { card: "a", amount: 5, shop: "x" },
  };

  test("keeps which versions were shown to be equal", async () => {
    const registry = featureRegistry(memoryStateStore({ clock }), clock);
    expect((await registry.register(set)).tested).toBeUndefined();
    const proof = await compareSides(set, [occurrence], () =>
      set.contribute(memoryStateStore({ clock }), occurrence),
    );
    await registry.register(set, proof);
    // Registered again, as at each start, it stays tested.
    await registry.register(set);
    const [registered] = await registry.list("both");
    expect(registered).toMatchObject({
      version: set.version,
      tested: { compared: 1, values: features.length, unequal: 0, from: start, to: start },
    });
  });

  test("refuses as tested what differs, what was not compared, and what is of another version", async () => {
    const registry = featureRegistry(memoryStateStore({ clock }), clock);
    const proofOf = (change: number) =>
      compareSides(set, [occurrence], async () => {
        const values = await set.contribute(memoryStateStore({ clock }), occurrence);
        return { ...values, sum: (values["sum"] ?? 0) + change };
      });
    const unequal = { code: "ECAP_FEATURES_UNEQUAL" };
    const differing = await proofOf(0.1);
    expect(differing.examples).toEqual([{ feature: "sum", id: "e1", online: 5.1, offline: 5 }]);
    await expect(registry.register(set, differing)).rejects.toMatchObject(unequal);
    const nothing = await compareSides(set, [occurrence], () => undefined);
    await expect(registry.register(set, nothing)).rejects.toMatchObject(unequal);
    const other = defineFeatures("both", features, { version: "2" });
    await expect(registry.register(other, await proofOf(0))).rejects.toMatchObject(unequal);
    expect(await registry.list("both")).toEqual([]);
  });
});
