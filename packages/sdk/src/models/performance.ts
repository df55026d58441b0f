import {
  areaUnderCurve,
  atThreshold,
  averagePrecision,
  type Ranked,
} from "../training/evaluation.ts";
import { chiSquaredTail } from "./chi-squared.ts";

/** What is known of scores once labels have arrived. */
export interface Performance {
  readonly labelled: number;
  readonly positives: number;
  /** Absent where only one class is known. */
  readonly auc?: number;
  readonly averagePrecision?: number;
  /** Of scores at or above the threshold; absent where there are none. */
  readonly precision?: number;
  readonly recall?: number;
}

export function performanceOf(cases: readonly Ranked[], threshold: number): Performance {
  const positives = cases.filter(({ positive }) => positive).length;
  const known = { labelled: cases.length, positives };
  if (positives === 0 || positives === cases.length) return known;
  const { precision, recall, flagged } = atThreshold(threshold, cases);
  return {
    ...known,
    auc: areaUnderCurve(cases),
    averagePrecision: averagePrecision(cases),
    ...(flagged > 0 && { precision }),
    recall,
  };
}

/** Two models on the same cases. */
export interface Comparison {
  /** AUC of the second less that of the first. */
  readonly difference: number;
  /** Of the hypothesis that both are equal. */
  readonly pValue: number;
}

/**
 * Whether two models' areas under the curve on the same cases differ by more than chance: the test of DeLong, by midranks.
 *
 * @see DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more correlated receiver operating characteristic curves, Biometrics 44(3), 1988
 * @see Sun and Xu, Fast implementation of DeLong's algorithm, IEEE Signal Processing Letters 21(11), 2014
 */
export function compareAuc(
  cases: ReadonlyArray<{
    readonly first: number;
    readonly second: number;
    readonly positive: boolean;
  }>,
): Comparison | undefined {
  const positives = cases.filter(({ positive }) => positive);
  const negatives = cases.filter(({ positive }) => !positive);
  if (positives.length < 2 || negatives.length < 2) return undefined;
  const first = placements(
    positives.map((each) => each.first),
    negatives.map((each) => each.first),
  );
  const second = placements(
    positives.map((each) => each.second),
    negatives.map((each) => each.second),
  );
  const difference = mean(second.ofPositives) - mean(first.ofPositives);
  const variance2 =
    errorOf(second.ofPositives, first.ofPositives) + errorOf(second.ofNegatives, first.ofNegatives);
  if (variance2 === 0) return { difference, pValue: difference === 0 ? 1 : 0 };
  return { difference, pValue: twoSided(difference / Math.sqrt(variance2)) };
}

/** Variance of the mean of the differences. */
function errorOf(a: readonly number[], b: readonly number[]): number {
  return variance(a.map((value, i) => value - (b[i] ?? 0))) / a.length;
}

/** For each positive the share of negatives below it, and for each negative the share of positives above it. */
function placements(positives: readonly number[], negatives: readonly number[]) {
  const all = midranks([...positives, ...negatives]);
  const own = midranks(positives);
  const others = midranks(negatives);
  const { length: m } = positives;
  const { length: n } = negatives;
  return {
    ofPositives: positives.map((_, i) => ((all[i] ?? 0) - (own[i] ?? 0)) / n),
    ofNegatives: negatives.map((_, i) => 1 - ((all[m + i] ?? 0) - (others[i] ?? 0)) / m),
  };
}

/** Places from 1 on, ascending; equal values share the mean of theirs. */
function midranks(values: readonly number[]): readonly number[] {
  const order = values
    .map((score, index) => ({ score, index }))
    .toSorted((a, b) => a.score - b.score);
  const ranks = values.map(() => 0);
  for (let from = 0; from < order.length; ) {
    const to = endOfTies(order, from);
    for (const { index } of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

function endOfTies(sorted: ReadonlyArray<{ readonly score: number }>, from: number): number {
  let to = from + 1;
  while (to < sorted.length && sorted[to]?.score === sorted[from]?.score) to += 1;
  return to;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** Area under the ROC curve, and the variance of it as an estimate. */
export function aucWithVariance(cases: readonly Ranked[]): {
  readonly auc: number;
  readonly variance: number;
} {
  const scoresOf = (positive: boolean): readonly number[] =>
    cases.flatMap((each) => (each.positive === positive ? [each.score] : []));
  const { ofPositives, ofNegatives } = placements(scoresOf(true), scoresOf(false));
  return {
    auc: mean(ofPositives),
    variance:
      variance(ofPositives) / ofPositives.length + variance(ofNegatives) / ofNegatives.length,
  };
}

/** How often a standard normal variable is larger. */
export function normalTail(z: number): number {
  const half = twoSided(z) / 2;
  return z > 0 ? half : 1 - half;
}

/** Of a standard normal variable: its square is chi-squared with one degree of freedom. */
function twoSided(z: number): number {
  return chiSquaredTail(z * z, 1);
}
