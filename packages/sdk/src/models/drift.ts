import { chiSquaredQuantile, chiSquaredTail } from "./chi-squared.ts";

/** How far the values of now are from those of the training data. */
export interface Drift {
  /** Population stability index: Kullback–Leibler divergence both ways, over bins. */
  readonly psi: number;
  /** What the index exceeds by chance alone in one case of a hundred, with as many values as these. */
  readonly threshold: number;
  /** Of Pearson's test that both samples are of one distribution. */
  readonly pValue: number;
  /** Values of now. */
  readonly values: number;
  /** Beyond chance, and large enough to matter. */
  readonly drifted: boolean;
}

/** Below it a shift is no reason to do anything, however sure it is. */
const leastPsi = 0.1;
/** How often no drift is called one, for one feature. */
const chance = 0.01;

/**
 * Compares counts over the same bins. Under no drift the index times `1 / (1/n + 1/m)` is chi-squared with one degree of freedom less than there are bins, so
 * the usual limits of 0.1 and 0.25 are far too low for few values and too high for many.
 *
 * @see Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation 14(4), 2020
 */
export function driftOf(reference: readonly number[], current: readonly number[]): Drift {
  const bins = reference.flatMap((expected, i) => {
    const seen = current[i] ?? 0;
    return expected + seen > 0 ? [{ expected, seen }] : [];
  });
  const m = bins.reduce((sum, { expected }) => sum + expected, 0);
  const n = bins.reduce((sum, { seen }) => sum + seen, 0);
  const freedom = bins.length - 1;
  if (m === 0 || n === 0 || freedom < 1)
    return { psi: 0, threshold: Number.POSITIVE_INFINITY, pValue: 1, values: n, drifted: false };
  // Half a value more in each bin: an empty one has no logarithm.
  const more = bins.length / 2;
  let psi = 0;
  let chiSquared = 0;
  for (const { expected, seen } of bins) {
    const p = (expected + 0.5) / (m + more);
    const q = (seen + 0.5) / (n + more);
    psi += (q - p) * Math.log(q / p);
    const pooled = (expected + seen) / (m + n);
    chiSquared +=
      (expected - m * pooled) ** 2 / (m * pooled) + (seen - n * pooled) ** 2 / (n * pooled);
  }
  const threshold = chiSquaredQuantile(chance, freedom) * (1 / n + 1 / m);
  const pValue = chiSquaredTail(chiSquared, freedom);
  return {
    psi,
    threshold,
    pValue,
    values: n,
    drifted: psi > Math.max(threshold, leastPsi) && pValue < chance,
  };
}

/**
 * Which of many p-values are below what chance gives, when one in twenty of those that are named may be wrong.
 *
 * @see Benjamini and Hochberg, Controlling the false discovery rate, Journal of the Royal Statistical Society B 57(1), 1995
 */
export function discoveries(pValues: readonly number[], rate = 0.05): readonly boolean[] {
  const ascending = pValues.toSorted((a, b) => a - b);
  const last = ascending.findLastIndex((p, i) => p <= ((i + 1) / ascending.length) * rate);
  const limit = last < 0 ? -1 : (ascending[last] ?? -1);
  return pValues.map((p) => p <= limit);
}
