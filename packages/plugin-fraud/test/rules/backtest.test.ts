import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backtest } from "../../src/rules/backtest/backtest.ts";
import type { BacktestRow } from "../../src/rules/backtest/backtest-row.ts";
import { evaluate } from "../../src/rules/evaluate.ts";
import { silencedFor } from "../../src/rules/snoozes.ts";
import { factsWith, ruleSet, thresholds } from "./rules-of.ts";

const labelled = (rules: readonly object[], label: string) => ({ ...ruleSet(rules), label });
const active = labelled(
  [{ id: "huge", when: "payment.amount > 500", points: 90, code: "H" }],
  "a/1",
);
const candidate = labelled(
  [
    { id: "large", when: "payment.amount > 100", points: 50, code: "L" },
    { id: "abroad", when: 'payment.country != "DE"', points: 40, code: "A" },
  ],
  "c/2",
);

const rows = fc.array(
  fc.record({
    amount: fc.integer({ min: 1, max: 1_000 }),
    country: fc.constantFrom("DE", "US", undefined),
    fraud: fc.constantFrom(true, false, undefined),
  }),
  { maxLength: 60 },
);

type Given = {
  readonly amount: number;
  readonly country: string | undefined;
  readonly fraud: boolean | undefined;
};

function toRow({ amount, country, fraud }: Given, i: number): BacktestRow {
  return {
    id: `p${i}`,
    facts: factsWith({}, { "payment.amount": amount, "payment.country": country }),
    amount,
    fraud,
  };
}

async function* stream(given: readonly BacktestRow[]): AsyncGenerator<BacktestRow> {
  yield* given;
}

const snoozes = (since: number) => ({
  has: (value: string, at: number) => value === "large/customer/vip" && at >= since,
});

describe("a backtest", () => {
  test("counts what counting by hand gives", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const report = await backtest(stream(given.map(toRow)), { candidate, active, thresholds });
        const stopped = given.filter(
          ({ amount, country }) => amount > 100 || (amount > 100 && country === "US"),
        );
        const frauds = given.filter(({ fraud }) => fraud === true);
        const caught = stopped.filter(({ fraud }) => fraud === true);
        const sum = (some: typeof given): number =>
          some.reduce((total, { amount }) => total + amount, 0);
        expect(report).toMatchObject({
          rows: given.length,
          frauds: frauds.length,
          amount: sum(given),
        });
        expect(report.labelled).toBe(given.filter(({ fraud }) => fraud !== undefined).length);
        expect(report.figures).toMatchObject({
          stoppedFrauds: caught.length,
          stoppedHonest: stopped.length - caught.length,
          passedFrauds: frauds.length - caught.length,
          saved: sum(caught),
          lost: sum(frauds) - sum(caught),
        });
        expect(report.figures.precision).toBe(
          stopped.length === 0 ? undefined : caught.length / stopped.length,
        );
        expect(report.figures.recall).toBe(
          frauds.length === 0 ? undefined : caught.length / frauds.length,
        );
        const both = given.filter(({ amount, country }) => amount > 100 && country === "US");
        expect(report.overlaps.map(({ payments }) => payments)).toEqual(
          both.length === 0 ? [] : [both.length],
        );
        const large = report.rules.find(({ rule }) => rule === "large");
        expect(large?.alone).toBe(stopped.length - both.length);
        const differing = given.filter(({ amount, country }) => {
          const now = amount > 500 ? "decline" : "approve";
          const next =
            amount > 100
              ? country === "US"
                ? "decline"
                : "review"
              : country === "US"
                ? "challenge"
                : "approve";
          return now !== next;
        });
        expect(report.changes.reduce((total, { payments }) => total + payments, 0)).toBe(
          differing.length,
        );
      }),
      { numRuns: 60 },
    );
  });

  test("compares rulings made then with those it makes, and says when they differ", async () => {
    const given = Array.from({ length: 30 }, (_, i) =>
      toRow({ amount: i * 20, country: "US", fraud: false }, i),
    );
    const rulings = given.map((row) => evaluate(candidate, row.facts, { thresholds }).hash);
    const recorded = given.map((row, i) => ({
      ...row,
      hashes: { "c/2": i === 3 ? "another" : (rulings[i] ?? "") },
    }));
    const report = await backtest(stream(recorded), { candidate, active, thresholds });
    expect(report.recorded).toEqual({ compared: 30, equal: 29 });
  });

  test("of the same rows and rules has one hash, and another of others", async () => {
    const given = Array.from({ length: 300 }, (_, i) =>
      toRow({ amount: i * 3, country: "US", fraud: false }, i),
    );
    const run = (set: typeof candidate) =>
      backtest(stream(given), { candidate: set, active, thresholds });
    const first = await run(candidate);
    expect((await run(candidate)).hash).toBe(first.hash);
    expect((await run(active)).hash).not.toBe(first.hash);
  });

  test("does not see what came on a list, or was snoozed, after the payment", async () => {
    const from = factsWith({})[0] as number;
    const set = labelled(
      [{ id: "large", when: "payment.amount > 100", points: 50, code: "L" }],
      "c/3",
    );
    const row = { ...toRow({ amount: 200, country: "US", fraud: false }, 0) };
    const facts = factsWith({}, { "payment.amount": 200, "customer.id": "vip" });
    const stopped = async (since: number): Promise<number> => {
      const report = await backtest(stream([{ ...row, facts }]), {
        candidate: set,
        active,
        thresholds,
        silencedFor: (seen) => silencedFor(snoozes(since), seen),
      });
      return report.figures.stoppedHonest;
    };
    expect(await stopped(from + 1)).toBe(1);
    expect(await stopped(from)).toBe(0);
  });

  test("ends when it is told to", async () => {
    const controller = new AbortController();
    const endless = (async function* () {
      for (let i = 0; ; i += 1) yield toRow({ amount: 5, country: "DE", fraud: false }, i);
    })();
    const progress = (count: number): void => {
      if (count > 1_000) controller.abort(new Error("enough"));
    };
    await expect(
      backtest(endless, { candidate, active, thresholds, signal: controller.signal, progress }),
    ).rejects.toThrow("enough");
  });
});
