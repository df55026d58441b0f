import { averagePrecision, type Ranked } from "../../training/evaluation.ts";
import { aucWithVariance, normalTail } from "../performance.ts";

/** A model that tells frauds from other payments less well than it did. */
export interface Decay {
  readonly measure: "auc" | "average-precision";
  readonly before: number;
  readonly now: number;
  /** How often it would be so much less, or more so, if nothing had changed. */
  readonly pValue: number;
}

export interface DecayLimits {
  /** Cases of each class, in each of the two times, at least. Default 30. */
  readonly leastOfClass: number;
  /** How often no decay may be called one. It is looked for often, so it has to be small. Default 0.001. */
  readonly chance: number;
  /** Smallest loss that matters. Default 0.02. */
  readonly loss: number;
}

export const decayLimits: DecayLimits = { leastOfClass: 30, chance: 0.001, loss: 0.02 };

/**
 * Compares a model's labelled scores of two times: the area under the ROC curve by the variance of DeLong, average precision by logit intervals. Average precision
 * is of the share of frauds, so that of now is taken as if they were as many as before.
 *
 * @see DeLong, DeLong and Clarke-Pearson, Biometrics 44(3), 1988
 * @see Boyd, Eng and Page, Area under the precision-recall curve: point estimates and confidence intervals, ECML PKDD 2013
 */
export function decayOf(
  before: readonly Ranked[],
  now: readonly Ranked[],
  given: Partial<DecayLimits> = {},
): readonly Decay[] {
  const { leastOfClass, chance, loss } = { ...decayLimits, ...given };
  const [first, second] = [classesOf(before), classesOf(now)];
  if (Math.min(...Object.values(first), ...Object.values(second)) < leastOfClass) return [];
  const oddsBefore = first.negatives / first.positives;
  const oddsNow = second.negatives / second.positives;
  const found = [
    aucDecay(before, now),
    precisionDecay(
      { value: averagePrecision(before), positives: first.positives },
      { value: averagePrecision(now, oddsBefore / oddsNow), positives: second.positives },
    ),
  ];
  // Two measures are looked at, so each may be wrong half as often.
  return found.filter(
    ({ before: was, now: is, pValue }) => was - is >= loss && pValue < chance / 2,
  );
}

function aucDecay(before: readonly Ranked[], now: readonly Ranked[]): Decay {
  const [was, is] = [aucWithVariance(before), aucWithVariance(now)];
  const error = Math.sqrt(was.variance + is.variance);
  return {
    measure: "auc",
    before: was.auc,
    now: is.auc,
    pValue: normalTail((was.auc - is.auc) / error),
  };
}

interface Precision {
  readonly value: number;
  readonly positives: number;
}

function precisionDecay(before: Precision, now: Precision): Decay {
  const error = Math.sqrt(logitVariance(before) + logitVariance(now));
  const change = logit(before.value) - logit(now.value);
  return {
    measure: "average-precision",
    before: before.value,
    now: now.value,
    pValue: normalTail(change / error),
  };
}

function logitVariance({ value, positives }: Precision): number {
  const inside = within(value);
  return 1 / (positives * inside * (1 - inside));
}

function logit(value: number): number {
  const inside = within(value);
  return Math.log(inside / (1 - inside));
}

/** One of 1 has no logit. */
function within(value: number): number {
  return Math.min(Math.max(value, 1e-3), 1 - 1e-3);
}

function classesOf(cases: readonly Ranked[]) {
  const positives = cases.filter(({ positive }) => positive).length;
  return { positives, negatives: cases.length - positives };
}
