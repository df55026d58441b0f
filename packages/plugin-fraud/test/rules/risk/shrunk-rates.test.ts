import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { betaQuantile, betaShareBelow } from "../../../src/rules/risk/beta.ts";
import { shrunkRate, spreadOf } from "../../../src/rules/risk/shrunk-rates.ts";

const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const shape = fc.double({ min: 0.05, max: 5_000, noNaN: true });

describe("the beta distribution", () => {
  test("is what its closed forms are", () => {
    fc.assert(
      fc.property(share, fc.double({ min: 0.1, max: 300, noNaN: true }), (x, n) => {
        expect(betaShareBelow(x, { a: 1, b: n })).toBeCloseTo(1 - (1 - x) ** n, 9);
        expect(betaShareBelow(x, { a: n, b: 1 })).toBeCloseTo(x ** n, 9);
        expect(betaShareBelow(x, { a: 0.5, b: 0.5 })).toBeCloseTo(
          (2 / Math.PI) * Math.asin(Math.sqrt(x)),
          9,
        );
      }),
    );
  });

  test("has quantiles below which that share lies", () => {
    fc.assert(
      fc.property(share, shape, shape, (p, a, b) => {
        const at = betaQuantile(p, { a, b });
        // Where nearly all lies within 1e-10 of an end there is nothing to halve.
        if (at > 1e-6 && at < 1 - 1e-6) expect(betaShareBelow(at, { a, b })).toBeCloseTo(p, 4);
      }),
    );
    expect(betaQuantile(0.05, { a: 2, b: 5 })).toBeCloseTo(0.0628499, 6);
    expect(betaQuantile(0.95, { a: 2, b: 5 })).toBeCloseTo(0.5818034, 6);
  });
});

const counted = fc
  .tuple(fc.integer({ min: 0, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([payments, part]) => ({ payments, frauds: Math.round(payments * part) }));

describe("shrunk rates", () => {
  test("lie between the own rate and that of all, within their interval", () => {
    fc.assert(
      fc.property(fc.array(counted, { minLength: 1, maxLength: 20 }), (all) => {
        const spread = spreadOf(all);
        const usual = spread.a / (spread.a + spread.b);
        expect(usual).toBeGreaterThan(0);
        expect(usual).toBeLessThan(1);
        for (const each of all) {
          const { rate, least, most } = shrunkRate(each, spread);
          const own = each.payments === 0 ? usual : each.frauds / each.payments;
          expect(rate).toBeGreaterThanOrEqual(Math.min(own, usual) - 1e-9);
          expect(rate).toBeLessThanOrEqual(Math.max(own, usual) + 1e-9);
          expect(least).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  test("are nearer to the true rates than what was counted, and their intervals hold nine of ten", () => {
    const random = seeded(7);
    const merchants = Array.from({ length: 2_000 }, () => {
      // Of Beta(2, 98), by the order of uniform numbers: the second smallest of 99.
      const truth = Array.from({ length: 99 }, random).toSorted((a, b) => a - b)[1] ?? 0;
      const payments = 1 + Math.floor(400 * random() ** 3);
      const frauds = Array.from({ length: payments }, random).filter((x) => x < truth).length;
      return { truth, payments, frauds };
    });
    const spread = spreadOf(merchants);
    expect(spread.a / (spread.a + spread.b)).toBeCloseTo(0.02, 2);
    expect(spread.a + spread.b).toBeGreaterThan(60);
    expect(spread.a + spread.b).toBeLessThan(170);
    const shrunk = merchants.map((each) => ({ ...each, ...shrunkRate(each, spread) }));
    const squares = (of: (each: (typeof shrunk)[number]) => number): number =>
      shrunk.reduce((sum, each) => sum + (of(each) - each.truth) ** 2, 0);
    expect(squares(({ rate }) => rate)).toBeLessThan(
      squares(({ frauds, payments }) => frauds / payments) / 4,
    );
    const inside = shrunk.filter(({ truth, least, most }) => least <= truth && truth <= most);
    expect(inside.length / shrunk.length).toBeGreaterThan(0.87);
    expect(inside.length / shrunk.length).toBeLessThan(0.93);
  });

  test("of merchants that differ by chance alone are that of all", () => {
    const random = seeded(3);
    const all = Array.from({ length: 500 }, () => {
      const frauds = Array.from({ length: 200 }, random).filter((x) => x < 0.05).length;
      return { payments: 200, frauds };
    });
    const spread = spreadOf(all);
    const { rate } = shrunkRate({ payments: 200, frauds: 30 }, spread);
    expect(rate).toBeLessThan(0.08);
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
