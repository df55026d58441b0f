import type { Segments } from "./segments.ts";

/** A score and whether the case was positive. */
export interface Ranked {
  readonly score: number;
  readonly positive: boolean;
}

/** Area under the ROC curve: the chance that a positive is ranked above a negative, ties counting half (Hanley and McNeil, 1982). NaN without both. */
export function areaUnderCurve(cases: readonly Ranked[]): number {
  const sorted = cases.toSorted((a, b) => a.score - b.score);
  let rankSum = 0;
  for (const { start, end } of ties(sorted)) {
    const rank = (start + 1 + end) / 2;
    for (let at = start; at < end; at += 1) if (sorted[at]?.positive === true) rankSum += rank;
  }
  const positives = countPositives(cases);
  const negatives = cases.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Precision at each distinct score from the highest down, weighted by the recall it adds: scikit-learn's `average_precision_score`. NaN without a positive. With
 * `negativeWeight` each negative counts as so many, so that samples with other shares of positives can be set beside each other.
 */
export function averagePrecision(cases: readonly Ranked[], negativeWeight = 1): number {
  const sorted = cases.toSorted((a, b) => b.score - a.score);
  let found = 0;
  let sum = 0;
  for (const { start, end } of ties(sorted)) {
    const positives = countPositives(sorted.slice(start, end));
    found += positives;
    sum += (positives * found) / (found + negativeWeight * (end - found));
  }
  return sum / found;
}

/** Share of positives among the k highest scores; ties in the order given. */
export function precisionAt(k: number, cases: readonly Ranked[]): number {
  const top = cases.toSorted((a, b) => b.score - a.score).slice(0, k);
  return countPositives(top) / top.length;
}

/** Share of positives that are among those scored `threshold` or more, and of positives among these. */
export function atThreshold(
  threshold: number,
  cases: readonly Ranked[],
): { readonly precision: number; readonly recall: number; readonly flagged: number } {
  const flagged = cases.filter(({ score }) => score >= threshold);
  const found = countPositives(flagged);
  return {
    precision: found / flagged.length,
    recall: found / countPositives(cases),
    flagged: flagged.length,
  };
}

/** What is said of a model by rows it did not learn from. */
export interface Evaluation {
  readonly auc: number;
  readonly averagePrecision: number;
  /** Share of frauds among the `k` rows with the highest scores: what somebody who looks at so many finds. */
  readonly precisionAt: ReadonlyArray<{ readonly k: number; readonly precision: number }>;
  /** Mean squared difference between probability and outcome. */
  readonly brier: number;
  readonly calibration: readonly CalibrationBin[];
  /** Of parts of the rows, in order; absent where they are told by no column. */
  readonly segments?: readonly SegmentFigures[];
}

export interface SegmentFigures {
  /** As in `amount up to 25`. */
  readonly name: string;
  readonly rows: number;
  readonly positives: number;
  /** Absent where it has rows of one class alone. */
  readonly auc?: number;
  readonly averagePrecision?: number;
}

const lookedAt = [100, 500, 1_000] as const;

/** undefined without a row of each class. `segments`: of each case the one it is in, and their names. */
export function evaluationOf(
  cases: readonly Ranked[],
  segments?: Segments,
): Evaluation | undefined {
  const positives = countPositives(cases);
  if (positives === 0 || positives === cases.length) return undefined;
  return {
    auc: areaUnderCurve(cases),
    averagePrecision: averagePrecision(cases),
    precisionAt: lookedAt
      .filter((k) => k <= cases.length)
      .map((k) => ({ k, precision: precisionAt(k, cases) })),
    brier: brierScore(cases),
    calibration: calibrationCurve(cases),
    ...(segments && { segments: segmentFigures(cases, segments) }),
  };
}

function segmentFigures(
  cases: readonly Ranked[],
  { names, of }: Segments,
): readonly SegmentFigures[] {
  return names.map((name, segment) => {
    const own = cases.filter((_, i) => of[i] === segment);
    const positives = countPositives(own);
    const isMixed = positives > 0 && positives < own.length;
    return {
      name,
      rows: own.length,
      positives,
      ...(isMixed && { auc: areaUnderCurve(own), averagePrecision: averagePrecision(own) }),
    };
  });
}

export interface CardDay<Card> extends Ranked {
  readonly card: Card;
  readonly day: number;
}

/**
 * Mean over the days of the share of compromised cards among the k cards with the highest score of the day, a card found on one day not being
 * looked at on the next ones: the handbook's CardPrecision@k (Dal Pozzolo et al., 2018).
 */
export function cardPrecisionAt<Card>(k: number, cases: ReadonlyArray<CardDay<Card>>): number {
  const byDay = new Map<number, Array<CardDay<Card>>>();
  for (const each of cases) {
    const ofDay = byDay.get(each.day);
    if (ofDay === undefined) byDay.set(each.day, [each]);
    else ofDay.push(each);
  }
  const known = new Set<Card>();
  const precisions = [...byDay]
    .toSorted(([a], [b]) => a - b)
    .map(([, ofDay]) => {
      const cards = new Map<Card, { score: number; positive: boolean }>();
      for (const { card, score, positive } of ofDay) {
        if (known.has(card)) continue;
        const seen = cards.get(card);
        if (seen === undefined) cards.set(card, { score, positive });
        else {
          seen.score = Math.max(seen.score, score);
          seen.positive ||= positive;
        }
      }
      const top = [...cards].toSorted(([, a], [, b]) => b.score - a.score).slice(0, k);
      const found = top.filter(([, { positive }]) => positive);
      for (const [card] of found) known.add(card);
      return found.length / k;
    });
  return precisions.reduce((sum, each) => sum + each, 0) / precisions.length;
}

/** Mean squared difference between probability and outcome (Brier, 1950). */
export function brierScore(cases: readonly Ranked[]): number {
  const squares = cases.map(({ score, positive }) => (score - (positive ? 1 : 0)) ** 2);
  return squares.reduce((sum, each) => sum + each, 0) / cases.length;
}

export interface CalibrationBin {
  /** Mean of the probabilities in it. */
  readonly predicted: number;
  /** Share of positives in it. */
  readonly observed: number;
  readonly cases: number;
}

/** What probabilities promise and what came, in bins of equally many cases. */
export function calibrationCurve(cases: readonly Ranked[], bins = 10): readonly CalibrationBin[] {
  const sorted = cases.toSorted((a, b) => a.score - b.score);
  const edges = Array.from({ length: bins + 1 }, (_, i) => Math.round((i * sorted.length) / bins));
  return edges.slice(1).flatMap((end, i) => {
    const own = sorted.slice(edges[i], end);
    if (own.length === 0) return [];
    const predicted = own.reduce((sum, { score }) => sum + score, 0) / own.length;
    return [{ predicted, observed: countPositives(own) / own.length, cases: own.length }];
  });
}

function countPositives(cases: readonly Ranked[]): number {
  let positives = 0;
  for (const { positive } of cases) if (positive) positives += 1;
  return positives;
}

/** Runs of equal scores. */
function* ties(sorted: readonly Ranked[]): Generator<{ start: number; end: number }> {
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end]?.score === sorted[start]?.score) end += 1;
    yield { start, end };
    start = end;
  }
}
