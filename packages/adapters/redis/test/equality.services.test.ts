import type { Contribution, WindowSpec } from "@ecap/sdk";
import { manualClock, memoryStateStore } from "@ecap/sdk/memory";
import { uniqueName } from "@ecap/sdk/testing";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { redisUrl, skipReason, testStores } from "./servers.ts";

const start = Date.UTC(2026, 0, 1);
const minute = 60_000;

/** Windows that differ, that share buckets, that have one bucket or many, whole and fractional sizes. */
const window: fc.Arbitrary<WindowSpec> = fc
  .record({
    name: fc.constantFrom("a", "b", "c"),
    size: fc.constantFrom(
      [minute, minute],
      [10 * minute, minute],
      [60 * minute, minute],
      [minute, 1_000 / 3],
      [1_000, 1],
      [7 * minute, 9_000],
      [5 * minute, 6 * minute],
    ),
    aggregate: fc.constantFrom("count", "sum", "distinct", "min", "max"),
    delayMs: fc.constantFrom(0, 0, 0, 1, 1_000, 5 * minute),
  })
  .map(({ name, size: [windowMs, bucketMs], aggregate, delayMs }) => ({
    name,
    windowMs,
    bucketMs,
    aggregate,
    delayMs,
  }));

const amounts = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100),
);

const step = fc.record({
  id: fc.integer({ min: 0, max: 60 }).map((n) => `id ${n}`),
  /** How far event time moves, and how late the event is. */
  forward: fc.oneof(fc.nat(minute), fc.nat(90 * minute)),
  late: fc.oneof(fc.constant(0), fc.nat(minute), fc.nat(200 * minute), fc.constantFrom(-minute)),
  /** How far the store's clock moves; the second is past the expiry of every entity. */
  clock: fc.oneof(
    { weight: 20, arbitrary: fc.nat(minute) },
    { weight: 1, arbitrary: fc.constant(200 * minute) },
  ),
  plan: fc.nat(2),
  amount: amounts,
  label: fc.constantFrom("", "x", "y", "ü", "longer, with ; and |", "0"),
  leaveOut: fc.nat(9),
});

const steps = fc.array(step, { minLength: 20, maxLength: 120, size: "max" });
const plans = fc.tuple(...[0, 1, 2].map(() => fc.array(window, { maxLength: 6 })));

describe.skipIf(redisUrl === undefined)(`windows in Redis (${skipReason})`, () => {
  const clock = manualClock(start);
  const stores = testStores();
  const redis = stores.open({ clock });
  afterAll(() => stores.close());

  it("are those in memory, to the last bit", async () => {
    const runs = Number(process.env["ECAP_ROUNDS"] ?? 200);
    let contributions = 0;
    let applied = 0;
    await fc.assert(
      fc.asyncProperty(plans, steps, fc.boolean(), async (lists, commands, clockFollows) => {
        const key = uniqueName("entity");
        clock.set(start);
        let now = start;
        const memory = memoryStateStore({ clock });
        for (const each of commands) {
          now += each.forward;
          clock.advance(each.clock);
          if (clockFollows) clock.set(Math.max(clock.now(), now));
          const windows = lists[each.plan] ?? [];
          const contribution: Contribution = {
            key,
            id: each.id,
            at: now - each.late,
            windows,
            values: windows.map(({ aggregate }, i) => {
              if (i === each.leaveOut) return undefined;
              return aggregate === "distinct" ? each.label : each.amount + 0;
            }),
          };
          const expected = await memory.contribute(contribution);
          expect(await redis.contribute(contribution)).toEqual(expected);
          contributions += 1;
          if (expected.applied) applied += 1;
        }
      }),
      { numRuns: runs },
    );
    // Both kinds were met, and often.
    expect(applied).toBeGreaterThan(5 * runs);
    expect(contributions - applied).toBeGreaterThan(2 * runs);
  });

  it("are those in memory while very many ids wait to be forgotten", async () => {
    const key = `crowded`;
    clock.set(start);
    const memory = memoryStateStore({ clock });
    const short: WindowSpec[] = [
      { name: "n", windowMs: minute, bucketMs: 5_000, aggregate: "count" },
    ];
    const long: WindowSpec[] = [
      { name: "n", windowMs: 60 * minute, bucketMs: 5_000, aggregate: "count" },
    ];
    const both = async (id: number, at: number, windows: readonly WindowSpec[]) => {
      clock.set(Math.max(clock.now(), at));
      const contribution = { key, id: `e${id}`, at, windows, values: [1] };
      const expected = await memory.contribute(contribution);
      expect(await redis.contribute(contribution)).toEqual(expected);
      return expected.applied;
    };
    for (let i = 0; i < 1_000; i += 1) await both(i, start + i, short);
    // Nearly all are forgotten at once, and removed a hundred at a time.
    const later = start + 200_000;
    await both(1_000, start + 100_000, short);
    await both(1_001, later, short);
    expect(await both(900, later, short)).toBe(true);
    expect(await both(900, later, short)).toBe(false);
    expect(await both(800, start + 800, short)).toBe(false);
    // With a longer window their time counts again: as ids that are new.
    for (const id of [800, 850, 950]) {
      expect(await both(id, start + id, long)).toBe(true);
      expect(await both(id, start + id, long)).toBe(false);
    }
    for (let i = 0; i < 20; i += 1) await both(2_000 + i, later + i, short);
    for (const id of [800, 850, 900, 950]) expect(await both(id, start + id, long)).toBe(false);
    const muchLater = start + 300 * minute;
    for (const id of [0, 800, 900]) expect(await both(id, muchLater, short)).toBe(true);
  });
});
