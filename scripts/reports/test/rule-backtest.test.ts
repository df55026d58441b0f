import { type HandbookRow, handbookFeatureNames } from "@ecap/plugin-fraud/handbook";
import { describe, expect, test } from "vitest";
import { backtestRules, printedBacktests } from "../fraud-handbook/rule-backtest.ts";
import { choosePack, patterns } from "../fraud-handbook/rule-pack.ts";
import { backtestRows } from "../fraud-handbook/rule-rows.ts";

/** A payment in twenty is fraud: a large one, or one at a terminal with frauds. What is large or bad is the same in every week. */
function week(seed: number): readonly HandbookRow[] {
  const random = seeded(seed);
  return Array.from({ length: 200 }, (_, i) => {
    const isLarge = i % 40 === 0;
    const isBad = i % 40 === 20;
    const features: Readonly<Record<string, number>> = {
      amount: isLarge ? 255 + 50 * random() : 200 * random(),
      customer_count_30d: 30,
      customer_count_7d: 7,
      customer_count_1d: 1,
      customer_mean_30d: 500,
      customer_mean_7d: 500,
      customer_mean_1d: 500,
      terminal_count_7d: 10,
      terminal_fraud_7d: isBad ? 0.7 : 0.45 * random(),
    };
    return {
      id: `${seed}/${i}`,
      time: Date.UTC(2018, 6, 2) + i,
      day: 0,
      customerId: `c${i}`,
      terminalId: `t${i}`,
      amount: features["amount"] ?? 0,
      fraud: isLarge || isBad ? 1 : 0,
      features: handbookFeatureNames.map((name) => features[name] ?? 0),
    };
  });
}

/** With what a model that is always right says. */
const scored = (rows: readonly HandbookRow[]) => ({
  rows,
  scores: rows.map(({ fraud }) => (fraud === 1 ? 0.9 : 0.001)),
});

describe("rules of the handbook's report", () => {
  test("are given the numbers that tell frauds from others, and points by how certain they are", () => {
    const { rules } = choosePack("rules", backtestRows(week(1)), patterns);
    expect(rules).toHaveLength(20);
    const large = rules.find(({ id }) => id === "large");
    const bad = rules.find(({ id }) => id === "terminal-week");
    expect(large?.points).toBe(50);
    expect(Number(/amount >= (\d+)/.exec(large?.when ?? "")?.[1])).toBeGreaterThanOrEqual(200);
    expect(Number(/amount >= (\d+)/.exec(large?.when ?? "")?.[1])).toBeLessThanOrEqual(250);
    expect(bad?.points).toBe(50);
    expect(bad?.when).toMatch(/> 0\.[56]$/);
  });

  test("are backtested on a week they were not chosen on, beside the best single one", async () => {
    const made = await backtestRules([scored(week(1)), scored(week(2))], scored(week(3)));
    expect(made.rules).toMatchObject({
      candidate: "rules",
      active: "single",
      rows: 200,
      frauds: 10,
    });
    // One rule finds either kind of fraud, never both.
    expect(made.rules.activeFigures).toMatchObject({ stoppedFrauds: 5, stoppedHonest: 0 });
    expect(made.rules.figures.recall).toBeGreaterThanOrEqual(0.5);
    expect(made.rules.figures.precision).toBe(1);
    expect(made.withModel.figures).toMatchObject({ precision: 1, recall: 1 });
    const text = printedBacktests(made);
    expect(text).toContain("terminal.fraud_7d >");
    expect(text).toContain(made.rules.hash);
  });
});

/** Park and Miller's generator. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
