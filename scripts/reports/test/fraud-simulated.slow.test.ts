import { expect, test } from "vitest";
import { measure } from "../fraud-simulated/fraud-simulated.ts";

test("the plugin as it comes finds four of five frauds of a shop it was not built with, half of its alerts right; no rule of one threshold finds half", async () => {
  const report = await measure({ seed: "slow test", ordersPerDay: 500, days: 120 });
  expect(report.payments).toBeGreaterThan(50_000);
  expect(report.frauds).toBeGreaterThan(80);
  expect(report.fraudShare).toBeLessThanOrEqual(0.005);
  expect(report.atPrecision?.precision).toBeGreaterThanOrEqual(0.5);
  expect(report.atPrecision?.recall).toBeGreaterThanOrEqual(0.8);
  expect(report.singleRule?.recall ?? 0).toBeLessThan(0.5);
  for (const { scenario, payments, found } of report.scenarios)
    if (payments > 0) expect([scenario, found > 0]).toEqual([scenario, true]);
});
