import {
  areaUnderCurve,
  atThreshold,
  averagePrecision,
  calibrationCurve,
  cardPrecisionAt,
  precisionAt,
  type Ranked,
} from "@ecap/sdk/training";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const cases = fc
  .array(
    fc.record({ score: fc.integer({ min: 0, max: 9 }).map((n) => n / 10), positive: fc.boolean() }),
    { minLength: 2, maxLength: 60 },
  )
  .filter((all) => new Set(all.map(({ positive }) => positive)).size === 2);

const at = (day: number, card: string, score: number, positive: boolean) => ({
  day,
  card,
  score,
  positive,
});

describe("ranking", () => {
  it("is the share of pairs in the right order, ties half", () => {
    fc.assert(
      fc.property(cases, (all) => {
        const positives = all.filter(({ positive }) => positive);
        const negatives = all.filter(({ positive }) => !positive);
        const pairs = positives.flatMap((p) =>
          negatives.map((n) => (p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0)),
        );
        const share = pairs.reduce<number>((sum, each) => sum + each, 0) / pairs.length;
        expect(areaUnderCurve(all)).toBeCloseTo(share, 12);
      }),
    );
  });

  it("averages precision over recall, whatever the order of ties", () => {
    // By scikit-learn 1.7: average_precision_score([0, 0, 1, 1, 1], [.1, .4, .35, .8, .4]).
    const known: Ranked[] = [
      { score: 0.1, positive: false },
      { score: 0.4, positive: false },
      { score: 0.35, positive: true },
      { score: 0.8, positive: true },
      { score: 0.4, positive: true },
    ];
    expect(averagePrecision(known)).toBeCloseTo(1 / 3 + 2 / 9 + 1 / 4, 12);
    fc.assert(
      fc.property(cases, (all) => {
        expect(averagePrecision(all.toReversed())).toBeCloseTo(averagePrecision(all), 12);
      }),
    );
  });

  it("counts those above a threshold and the first k", () => {
    const all: Ranked[] = [0.9, 0.8, 0.7, 0.6].map((score, i) => ({ score, positive: i !== 1 }));
    expect(precisionAt(2, all)).toBe(0.5);
    expect(atThreshold(0.7, all)).toEqual({ precision: 2 / 3, recall: 2 / 3, flagged: 3 });
  });

  it("looks at a card once a day, and not again once it was found", () => {
    const all = [
      at(1, "a", 0.9, false),
      at(1, "a", 0.2, true),
      at(1, "b", 0.8, false),
      at(1, "c", 0.1, true),
      at(2, "a", 0.9, true),
      at(2, "c", 0.5, true),
      at(2, "b", 0.4, false),
    ];
    // Day 1: a (found) and b. Day 2, without a: c (found) and b.
    expect(cardPrecisionAt(2, all)).toBe(0.5);
  });
});

describe("calibration curve", () => {
  it("holds every case once, in bins that ascend", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 12 }), (all, bins) => {
        const curve = calibrationCurve(all, bins);
        expect(curve.reduce((sum, bin) => sum + bin.cases, 0)).toBe(all.length);
        const predicted = curve.map((bin) => bin.predicted);
        expect(predicted).toEqual(predicted.toSorted((a, b) => a - b));
      }),
    );
  });
});
