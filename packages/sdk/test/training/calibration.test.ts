import {
  brierScore,
  calibrate,
  fitIsotonic,
  fitPlatt,
  logOdds,
  type Ranked,
} from "@ecap/sdk/training";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const cases = fc.array(
  fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), positive: fc.boolean() }),
  { minLength: 1, maxLength: 80 },
);
const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

const apply = (all: readonly Ranked[], curve: (score: number) => number): Ranked[] =>
  all.map(({ score, positive }) => ({ score: curve(score), positive }));

describe("Platt's calibration", () => {
  it("finds the curve that made the labels", () => {
    // Every score with as many positives as sigmoid(2 · logit − 1) says, so that the curve is known.
    const all = Array.from({ length: 9 }, (_, i) => (i + 1) / 10).flatMap((score) => {
      const positives = Math.round(10_000 / (1 + Math.exp(-(2 * logOdds(score) - 1))));
      return Array.from({ length: 10_000 }, (_, i) => ({ score, positive: i < positives }));
    });
    const found = fitPlatt(all);
    expect(found).toMatchObject({ kind: "platt" });
    if (found.kind !== "platt") return;
    expect(found.slope).toBeCloseTo(-2, 2);
    expect(found.intercept).toBeCloseTo(1, 2);
  });

  it("gives probabilities for any labels, one class and extreme scores among them", () => {
    fc.assert(
      fc.property(cases, scores, (all, asked) => {
        const found = fitPlatt(all);
        for (const score of [0, 1, ...asked]) {
          const probability = calibrate(found, score);
          expect(probability).toBeGreaterThanOrEqual(0);
          expect(probability).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("isotonic calibration", () => {
  it("never falls, and stays within what it saw", () => {
    fc.assert(
      fc.property(cases, scores, (all, asked) => {
        const found = fitIsotonic(all);
        const probabilities = asked
          .toSorted((a, b) => a - b)
          .map((score) => calibrate(found, score));
        expect(probabilities).toEqual(probabilities.toSorted((a, b) => a - b));
        for (const each of probabilities) expect(each >= 0 && each <= 1).toBe(true);
      }),
    );
  });

  it("is nearer to the outcomes than any curve that never falls, of those it is compared with", () => {
    fc.assert(
      fc.property(cases, (all) => {
        const found = fitIsotonic(all);
        const own = brierScore(apply(all, (score) => calibrate(found, score)));
        const base = all.filter(({ positive }) => positive).length / all.length;
        for (const curve of [(s: number) => s, () => base, (s: number) => s * s, Math.sqrt])
          expect(own).toBeLessThanOrEqual(brierScore(apply(all, curve)) + 1e-12);
      }),
    );
  });
});
