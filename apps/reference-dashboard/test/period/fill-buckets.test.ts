import { describe, expect, it } from "vitest";
import type { RevenuePoint } from "../../src/api/answers.ts";
import { fillBuckets } from "../../src/period/fill-buckets.ts";
import { resolvePeriod } from "../../src/period/period.ts";

const now = Date.parse("2026-11-22T10:20:30Z");

describe("fillBuckets", () => {
  it("adds the days without sales and marks the one that is not over", () => {
    const period = resolvePeriod({ period: "7d", grain: "day" }, now);
    const filled = fillBuckets([point("2026-11-17", "5.00")], period, now);
    expect(filled.map(({ at, net }) => [new Date(at).getUTCDate(), net])).toEqual([
      [16, "0"],
      [17, "5.00"],
      [18, "0"],
      [19, "0"],
      [20, "0"],
      [21, "0"],
      [22, "0"],
    ]);
    expect(filled.filter(({ isRunning }) => isRunning).map(({ at }) => at)).toEqual([
      Date.parse("2026-11-22"),
    ]);
  });

  it("begins all time with its first sale and ends it with its last", () => {
    const period = resolvePeriod({ period: "all", grain: "month" }, now);
    const filled = fillBuckets([point("2010-12-01", "1"), point("2011-03-01", "2")], period, now);
    expect(filled.map(({ start }) => start.slice(0, 7))).toEqual([
      "2010-12",
      "2011-01",
      "2011-02",
      "2011-03",
    ]);
  });

  it("begins weeks on Monday", () => {
    const period = resolvePeriod({ period: "30d", grain: "week" }, now);
    const filled = fillBuckets([point("2026-11-02", "1")], period, now);
    expect(new Set(filled.map(({ at }) => new Date(at).getUTCDay()))).toEqual(new Set([1]));
    expect(filled).toHaveLength(5);
  });

  it("has nothing where nothing was sold", () => {
    expect(fillBuckets([], resolvePeriod({}, now), now)).toEqual([]);
  });
});

function point(start: string, net: `${number}`): RevenuePoint {
  const amounts = {
    gross: net,
    net,
    refunded: "0",
    adjustments: "0",
    averageOrderValue: net,
  } as const;
  return { start, ...amounts, orders: 1, units: 1 };
}
