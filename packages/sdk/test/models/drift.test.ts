import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chiSquaredQuantile, chiSquaredTail } from "../../src/models/chi-squared.ts";
import { binOf, discoveries, driftOf, histogramOf } from "../../src/models/index.ts";

/** Of SciPy's `chi2.sf(x, df)`. */
test.each([
  [3.841458820694124, 1, 0.05],
  [18.307038053275146, 10, 0.05],
  [21.665994333461924, 9, 0.01],
  [2, 2, Math.exp(-1)],
  [0.5, 1, 0.4795001221869535],
  [200, 100, 1.178_450_072_097_978e-8],
  [30, 40, 0.875_218_784_967_475_1],
])("the tail of chi-squared at %d with %d degrees of freedom", (x, freedom, tail) => {
  expect(chiSquaredTail(x, freedom) / tail).toBeCloseTo(1, 8);
  expect(chiSquaredQuantile(chiSquaredTail(x, freedom), freedom)).toBeCloseTo(x, 6);
});

/** Deterministic numbers from 0 to 1. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("drift", () => {
  const next = random(7);
  const reference = histogramOf(Array.from({ length: 5_000 }, next));
  const sample = (size: number, shift = 0) => {
    const counts = reference.counts.map(() => 0);
    for (let i = 0; i < size; i += 1) {
      const bin = binOf(reference.edges, Math.min(1, next() + shift));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts;
  };

  test("is called where there is none in about one case of a hundred, whatever the size of the sample", () => {
    for (const size of [100, 400, 2_000]) {
      const above = Array.from({ length: 1_000 }, () =>
        driftOf(reference.counts, sample(size)),
      ).filter(({ psi, threshold }) => psi > threshold);
      expect(above.length).toBeLessThan(35);
    }
    // The usual limit of 0.1 would call one of two samples of a hundred drifted.
    const usual = Array.from({ length: 1_000 }, () =>
      driftOf(reference.counts, sample(100)),
    ).filter(({ psi }) => psi > 0.1);
    expect(usual.length).toBeGreaterThan(200);
  });

  test("is found where there is some", () => {
    expect(driftOf(reference.counts, sample(500, 0.3)).drifted).toBe(true);
    expect(driftOf(reference.counts, sample(0)).drifted).toBe(false);
  });

  test("is the same both ways, and never negative", () => {
    const counts = fc.array(fc.nat(1_000), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const there = driftOf(a, b);
        expect(there.psi).toBeGreaterThanOrEqual(0);
        expect(there.psi).toBeCloseTo(driftOf(b, a).psi, 9);
        expect(there.pValue).toBeGreaterThanOrEqual(0);
        expect(there.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("of many features: what chance gives is not named", () => {
    expect(discoveries([0.04, 0.03, 0.5, 0.9])).toEqual([false, false, false, false]);
    expect(discoveries([0.001, 0.012, 0.03, 0.9])).toEqual([true, true, true, false]);
    expect(discoveries([])).toEqual([]);
  });
});

describe("a histogram", () => {
  test("counts every value once, up to an edge in the bin before it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }),
        (values) => {
          const { edges, counts } = histogramOf(values);
          expect(counts.reduce((sum, each) => sum + each, 0)).toBe(values.length);
          for (const value of values) {
            const bin = binOf(edges, value);
            expect(value).toBeLessThanOrEqual(edges[bin] ?? Number.POSITIVE_INFINITY);
            expect(value).toBeGreaterThan(edges[bin - 1] ?? Number.NEGATIVE_INFINITY);
          }
        },
      ),
    );
    expect(histogramOf([1, Number.NaN]).missing).toBe(1);
  });
});
