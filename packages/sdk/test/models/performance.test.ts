import { expect, test } from "vitest";
import { compareAuc, performanceOf } from "../../src/models/index.ts";

test("areas under the curve of two models on the same cases is compared by DeLong's test", () => {
  const positive = [0, 0, 0, 1, 1, 1, 1, 0].map((each) => each === 1);
  const first = [0.1, 0.4, 0.35, 0.8, 0.3, 0.9, 0.65, 0.7];
  const second = [0.2, 0.3, 0.1, 0.9, 0.6, 0.95, 0.7, 0.4];
  const both = positive.map((each, i) => ({
    first: first[i] ?? 0,
    second: second[i] ?? 0,
    positive: each,
  }));
  const compared = compareAuc(both);
  expect(compared?.difference).toBeCloseTo(0.25, 9);
  expect(compared?.pValue).toBeCloseTo(byDefinition(both), 6);
  expect(compareAuc(both.map((each) => ({ ...each, second: each.first })))).toEqual({
    difference: 0,
    pValue: 1,
  });
  expect(compareAuc(both.slice(0, 3))).toBeUndefined();
});

const psi = (x: number, y: number): number => (x > y ? 1 : x === y ? 0.5 : 0);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;

/** The test as DeLong wrote it, with every pair looked at, and the normal tail by numerical integration. */
function byDefinition(
  both: ReadonlyArray<{ first: number; second: number; positive: boolean }>,
): number {
  const positives = both.filter(({ positive }) => positive);
  const negatives = both.filter(({ positive }) => !positive);
  const differences = (of: (p: (typeof both)[number], n: (typeof both)[number]) => number) => ({
    v10: positives.map((p) => mean(negatives.map((n) => of(p, n)))),
    v01: negatives.map((n) => mean(positives.map((p) => of(p, n)))),
  });
  const { v10, v01 } = differences((p, n) => psi(p.second, n.second) - psi(p.first, n.first));
  const variance = (values: number[]) => {
    const middle = mean(values);
    return (
      values.reduce((sum, each) => sum + (each - middle) ** 2, 0) /
      (values.length - 1) /
      values.length
    );
  };
  const z = Math.abs(mean(v10)) / Math.sqrt(variance(v10) + variance(v01));
  let tail = 0;
  const step = 1e-4;
  for (let x = z; x < z + 12; x += step)
    tail += (step * Math.exp(-((x + step / 2) ** 2) / 2)) / Math.sqrt(2 * Math.PI);
  return 2 * tail;
}

test("performance is told as far as both classes are known", () => {
  // Of scikit-learn's average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).
  const known = [0.1, 0.4, 0.35, 0.8].map((score, i) => ({ score, positive: i > 1 }));
  expect(performanceOf(known, 0.4)).toEqual({
    labelled: 4,
    positives: 2,
    auc: 0.75,
    averagePrecision: expect.closeTo(0.8333333333, 9),
    precision: 0.5,
    recall: 0.5,
  });
  expect(performanceOf(known.slice(0, 2), 0.4)).toEqual({ labelled: 2, positives: 0 });
});
