import * as fc from "fast-check";
import type { WindowSpec } from "../ports/state-store.ts";

export interface NaiveEvent {
  readonly id: string;
  readonly at: number;
  readonly amount: number;
  readonly label: string;
}

/** Window totals the slow and plain way: every event again each time. */
export function naiveTotals(
  specs: readonly WindowSpec[],
  events: readonly NaiveEvent[],
  at: number,
): Array<number | undefined> {
  return specs.map(({ windowMs, bucketMs, aggregate, delayMs }) => {
    const bucket = (time: number): number => Math.floor(time / bucketMs);
    const seenAt = at - (delayMs ?? 0);
    const isOver = (time: number): boolean =>
      delayMs === undefined
        ? bucket(time) <= bucket(at)
        : (bucket(time) + 1) * bucketMs - 1 <= seenAt;
    const inside = events.filter(
      (event) => bucket(event.at) > bucket(seenAt - windowMs) && isOver(event.at),
    );
    const amounts = inside.map((event) => event.amount);
    switch (aggregate) {
      case "count":
        return inside.length;
      case "sum":
        return amounts.reduce((sum, amount) => sum + amount, 0);
      case "distinct":
        return new Set(inside.map((event) => event.label)).size;
      case "min":
        return amounts.length === 0 ? undefined : Math.min(...amounts);
      case "max":
        return amounts.length === 0 ? undefined : Math.max(...amounts);
      default:
        return aggregate satisfies never;
    }
  });
}

/** Windows and events around `start`, some repeated, some late by less than the longest window. */
export function windowCases(
  start: number,
): fc.Arbitrary<{ readonly specs: WindowSpec[]; readonly events: NaiveEvent[] }> {
  const aggregates = ["count", "sum", "distinct", "min", "max"] as const;
  const sizes = fc.constantFrom([60_000, 60_000], [600_000, 60_000], [90_000, 7_000], [1_000, 1]);
  const delays = fc.constantFrom(undefined, undefined, 1, 45_000, 240_000);
  const specs = fc
    .array(fc.tuple(fc.constantFrom(...aggregates), sizes, delays), { minLength: 1, maxLength: 4 })
    .map((list) => [
      // One window that all lateness fits in, so that nothing is too old.
      { name: "longest", windowMs: 600_000, bucketMs: 60_000, aggregate: "count" as const },
      ...list.map(([aggregate, [windowMs = 1, bucketMs = 1], delayMs], i) => ({
        name: `w${i}`,
        windowMs,
        bucketMs,
        aggregate,
        ...(delayMs !== undefined && { delayMs }),
      })),
    ]);
  const steps = fc.array(
    fc.record({
      id: fc.integer({ min: 0, max: 25 }).map((n) => `e${n}`),
      step: fc.integer({ min: 0, max: 120_000 }),
      late: fc.constantFrom(0, 0, 0, 1_000, 59_999, 300_000),
      amount: fc.integer({ min: -1_000, max: 1_000 }),
      label: fc.constantFrom("a", "b", "c", "d"),
    }),
    { maxLength: 40 },
  );
  return fc.record({ specs, steps }).map(({ specs: windows, steps: list }) => {
    let now = start;
    const events = list.map(({ id, step, late, amount, label }) => {
      now += step;
      return { id, at: now - late, amount, label };
    });
    return { specs: windows, events };
  });
}
