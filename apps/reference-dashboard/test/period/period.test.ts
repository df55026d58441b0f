import { describe, expect, it } from "vitest";
import { dayMs, resolvePeriod } from "../../src/period/period.ts";

const now = Date.parse("2026-11-22T10:20:30Z");

describe("resolvePeriod", () => {
  it("takes whole days up to this minute, and the same days before", () => {
    const { from, to, before } = resolvePeriod({ period: "7d" }, now);
    expect([from, to].map(iso)).toEqual(["2026-11-16T00:00:00.000Z", "2026-11-22T10:21:00.000Z"]);
    expect([before?.from ?? 0, before?.to ?? 0].map(iso)).toEqual([
      "2026-11-09T00:00:00.000Z",
      "2026-11-15T10:21:00.000Z",
    ]);
  });

  it("takes custom days with the last one included", () => {
    const parameters = { period: "custom", from: "2011-01-01", to: "2011-01-31" };
    const { from, to, before } = resolvePeriod(parameters, now);
    expect(to - from).toBe(31 * dayMs);
    expect(before).toEqual({ from: from - 31 * dayMs, to: from });
  });

  it("has nothing before all time", () => {
    expect(resolvePeriod({ period: "all" }, now).before).toBeUndefined();
  });

  it.each([
    [{}, "30d"],
    [{ period: "nonsense" }, "30d"],
    [{ period: "90d", grain: "hour" }, "90d"],
    [{ period: "custom", from: "2026-02-31x", to: "2026-01-01" }, "custom"],
    [{ period: "custom", from: "2026-02-03", to: "2026-01-01" }, "custom"],
  ])("makes something of %j", (parameters, preset) => {
    const period = resolvePeriod(parameters, now);
    expect(period.preset).toBe(preset);
    expect(period.from).toBeLessThan(period.to);
    expect(period.grains).toContain(period.grain);
  });

  it("gives short spans hours and long ones months", () => {
    expect(grainOf("2026-11-20", "2026-11-20")).toBe("hour");
    expect(grainOf("2026-11-01", "2026-11-20")).toBe("day");
    expect(grainOf("2026-01-01", "2026-11-20")).toBe("week");
    expect(grainOf("2020-01-01", "2026-11-20")).toBe("month");
  });
});

function grainOf(from: string, to: string): string {
  return resolvePeriod({ period: "custom", from, to }, now).grain;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
