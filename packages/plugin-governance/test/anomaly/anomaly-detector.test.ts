import { simulate } from "@ecap/sdk/simulator";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AnomalySettings,
  anomalyDetector,
  emptyDetector,
  type Verdict,
} from "../../src/index.ts";
import {
  type Disturbance,
  dayMs,
  firstDay,
  hourMs,
  type SyntheticSeries,
  syntheticCounts,
} from "./synthetic-series.ts";

const halfHour = 30 * 60_000;
const fiveMinutes = 5 * 60_000;

type Series = ReadonlyArray<readonly [start: number, value: number]>;

function run(series: Series, settings: Partial<AnomalySettings> = {}): readonly Verdict[] {
  const { take } = anomalyDetector({ bucketMs: halfHour, unit: "count", ...settings });
  const state = emptyDetector();
  return series.map(([start, value]) => take(state, start, value));
}

function changes(series: Series, verdicts: readonly Verdict[]): readonly string[] {
  return verdicts.flatMap(({ change }, i) =>
    change === undefined ? [] : [`${change} ${new Date(series[i]?.[0] ?? 0).toISOString()}`],
  );
}

describe("anomalies that are known, in series of fifty days", () => {
  const disturbances: readonly Disturbance[] = [
    { from: 30 * dayMs + 10 * hourMs, to: 30 * dayMs + 13 * hourMs, factor: 0.1 },
    { from: 36 * dayMs + 10 * hourMs, to: 36 * dayMs + 22 * hourMs, factor: 0.4 },
    { from: 41 * dayMs + 15 * hourMs, to: 41 * dayMs + 16 * hourMs, factor: 4 },
    { from: 46 * dayMs + 12 * hourMs, to: 46 * dayMs + 24 * hourMs, factor: 0.15 },
  ];
  const seeds = [1, 2, 3];

  function score(shape: Pick<SyntheticSeries, "perHour" | "bucketMs">) {
    const sum = { found: 0, missed: 0, wrong: 0, delayMs: 0 };
    for (const seed of seeds) {
      const series = syntheticCounts({ ...shape, seed, days: 50, disturbances });
      const verdicts = run(series, { bucketMs: shape.bucketMs });
      const raised = verdicts.flatMap(({ change }, i) =>
        change === "raised" ? [(series[i]?.[0] ?? 0) - firstDay] : [],
      );
      for (const { from, to } of disturbances) {
        const first = raised.find((at) => at >= from && at < to + hourMs);
        if (first === undefined) sum.missed += 1;
        else {
          sum.found += 1;
          sum.delayMs += first - from;
        }
      }
      sum.wrong += raised.filter(
        (at) => !disturbances.some(({ from, to }) => at >= from && at < to + 2 * hourMs),
      ).length;
    }
    const precision = sum.found / (sum.found + sum.wrong);
    const recall = sum.found / (sum.found + sum.missed);
    const delayMinutes = Math.round(sum.delayMs / sum.found / 60_000);
    return { ...sum, precision, recall, delayMinutes };
  }

  it.each([
    { perHour: 6_000, bucketMs: fiveMinutes, precision: 0.85, recall: 1 },
    { perHour: 600, bucketMs: fiveMinutes, precision: 0.9, recall: 1 },
    { perHour: 200, bucketMs: halfHour, precision: 0.9, recall: 1 },
    { perHour: 60, bucketMs: fiveMinutes, precision: 0.9, recall: 0.7 },
    // Five events a bucket: what an hour's four are too many of is beyond telling from chance.
    { perHour: 10, bucketMs: halfHour, precision: 0.9, recall: 0.4 },
  ])(
    "at $perHour an hour: precision $precision, recall $recall at least",
    ({ precision, recall, ...shape }) => {
      const found = score(shape);
      process.stdout.write(`${JSON.stringify({ ...shape, ...found })}\n`);
      expect(found.precision).toBeGreaterThanOrEqual(precision);
      expect(found.recall).toBeGreaterThanOrEqual(recall);
    },
  );

  it("finds the bad day of a simulated shop, and nothing else", () => {
    const to = Date.UTC(2026, 5, 1);
    const from = to - 40 * dayMs;
    const bad = {
      from: to - 10 * dayMs + 9 * hourMs,
      to: to - 9 * dayMs - 3 * hourMs,
      factor: 0.15,
    };
    const counts = new Map<number, number>();
    const shop = { seed: 11, from, to, ordersPerDay: 500, journeys: "orders" } as const;
    for (const { payload } of simulate({ ...shop, anomalies: [bad] })) {
      if (payload["event"] !== "Order Completed") continue;
      const start = Math.floor(Date.parse(String(payload["timestamp"])) / halfHour) * halfHour;
      counts.set(start, (counts.get(start) ?? 0) + 1);
    }
    const series: Series = Array.from({ length: (to - from) / halfHour }, (_, i) => {
      const start = from + i * halfHour;
      return [start, counts.get(start) ?? 0];
    });
    const found = changes(series, run(series));
    expect(found).toHaveLength(2);
    const [raised = "", resolved = ""] = found.map((each) => each.split(" ")[1] ?? "");
    expect(Date.parse(raised)).toBeGreaterThanOrEqual(bad.from);
    expect(Date.parse(raised)).toBeLessThan(bad.from + 3 * hourMs);
    expect(Date.parse(resolved)).toBeGreaterThanOrEqual(bad.to);
    expect(Date.parse(resolved)).toBeLessThan(bad.to + 3 * hourMs);
  });
});

function quiet(days: number, disturbances: readonly Disturbance[] = []): Series {
  return syntheticCounts({ seed: 5, perHour: 200, bucketMs: halfHour, days, disturbances });
}

describe("an alert", () => {
  it("is not raised within the first two days", () => {
    const series = quiet(2, [{ from: dayMs, to: 2 * dayMs, factor: 0 }]);
    const verdicts = run(series);
    expect(verdicts.every(({ state }) => state === "learning")).toBe(true);
  });

  it("looks the way it is told", () => {
    const drop = quiet(25, [
      { from: 20 * dayMs + 10 * hourMs, to: 20 * dayMs + 16 * hourMs, factor: 0 },
    ]);
    expect(changes(drop, run(drop, { direction: "up" }))).toEqual([]);
    expect(changes(drop, run(drop, { direction: "down" })).length).toBeGreaterThan(0);
    expect(changes(drop, run(drop, { leastChange: 1_000 }))).toEqual([]);
  });

  it("is followed by a pause, and one that lasts becomes the new normal", () => {
    const twice = quiet(25, [
      { from: 20 * dayMs + 10 * hourMs, to: 20 * dayMs + 12 * hourMs, factor: 0 },
      { from: 20 * dayMs + 14 * hourMs, to: 20 * dayMs + 15 * hourMs, factor: 0 },
    ]);
    expect(changes(twice, run(twice, { coolDownMs: 6 * hourMs }))).toHaveLength(2);
    const change = { from: 20 * dayMs, to: 32 * dayMs, factor: 0.3 };
    const half = syntheticCounts({
      seed: 5,
      perHour: 4_000,
      bucketMs: halfHour,
      days: 32,
      disturbances: [change],
    });
    const found = changes(half, run(half));
    expect(found.map((each) => each.split(" ")[0])).toContain("accepted");
    // What was learned after the change is right: an hour of the last day is expected as it is.
    const last = run(half).slice(-24);
    const off = last.map(({ score = 0 }) => Math.abs(score));
    expect(Math.max(...off)).toBeLessThan(6);
  });
});

describe("whatever comes", () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 50 }),
    fc.double(),
    fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 1e300, -1e300, 5e-324, 1e15),
  );
  const unit = fc.constantFrom("count" as const, "amount" as const, "ratio" as const);
  const fast = { forecast: { learnMs: 4 * hourMs } };

  it("its numbers are finite, and its state is bounded JSON that goes on the same", () => {
    fc.assert(
      fc.property(unit, fc.array(value, { minLength: 1, maxLength: 150 }), (of, values) => {
        const { take } = anomalyDetector({ bucketMs: halfHour, unit: of, ...fast });
        const state = emptyDetector();
        let stored = emptyDetector();
        for (const [i, each] of values.entries()) {
          const start = firstDay + i * halfHour;
          const verdict = take(state, start, each);
          stored = JSON.parse(JSON.stringify(stored)) as typeof stored;
          expect(take(stored, start, each)).toEqual(verdict);
          const { expected, low, high, score } = verdict;
          for (const number of [expected, low, high, score]) {
            if (number !== undefined) expect(Number.isFinite(number)).toBe(true);
          }
        }
        // What is no finite number would be null in JSON, and only what is not there may be.
        const { forecast, alert: _alert, ...rest } = state;
        expect(JSON.stringify(rest)).not.toContain("null");
        expect(JSON.stringify({ ...forecast, learning: [] })).not.toContain("null");
        expect(JSON.stringify(state).length).toBeLessThan(12_000);
      }),
      { numRuns: 150 },
    );
  });

  it("says the same in any unit of measure: an amount in cents as in euros", () => {
    const amounts = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 20, maxLength: 120 });
    const shape = fc.constantFrom("amount" as const, "ratio" as const);
    fc.assert(
      fc.property(shape, amounts, fc.constantFrom(0.01, 2, 100, 4_096), (of, values, factor) => {
        const at = (times: number) =>
          run(
            values.map((each, i) => [firstDay + i * halfHour, each * times] as const),
            { unit: of, ...fast },
          );
        at(factor).forEach((scaled, i) => {
          const plain = at(1)[i];
          expect(scaled.state).toBe(plain?.state);
          expect(scaled.score ?? 0).toBeCloseTo(plain?.score ?? 0, 5);
          const [one, two] = [scaled.expected ?? 0, (plain?.expected ?? 0) * factor];
          expect(Math.abs(one - two)).toBeLessThanOrEqual(1e-6 * (1e3 * factor));
        });
      }),
      { numRuns: 60 },
    );
  });
});
