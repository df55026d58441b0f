import { type Calibration, calibrate, logOdds } from "../../training/calibration.ts";

/** How the scores of several models become one; data, so that it can be kept and versioned as a model is. */
export interface Ensemble {
  /** Names of the models, in the order of their weights. */
  readonly members: readonly string[];
  readonly combination: /** The mean of the scores by weight. */
    | { readonly kind: "weighted"; readonly weights: readonly number[] }
    /** A logistic regression on the log-odds of the scores (stacked generalisation: Wolpert, 1992). */
    | { readonly kind: "stacked"; readonly weights: readonly number[]; readonly intercept: number };
  /** What makes a probability of the combined score. Default: it is one. */
  readonly calibration?: Calibration;
}

/**
 * One score of the members' scores, in their order. A member without one (it failed or was late) gives its weight to the others, in proportion;
 * undefined where none has one.
 */
export function combine(
  { combination, calibration }: Ensemble,
  scores: ReadonlyArray<number | undefined>,
): number | undefined {
  const { weights } = combination;
  let [sum, present, all] = [0, 0, 0];
  weights.forEach((weight, member) => {
    all += weight;
    const score = scores[member];
    if (score === undefined) return;
    present += weight;
    sum += weight * (combination.kind === "stacked" ? logOdds(score) : score);
  });
  if (present === 0) return undefined;
  const combined =
    combination.kind === "stacked"
      ? 1 / (1 + Math.exp(-((sum * all) / present + combination.intercept)))
      : sum / present;
  return calibration === undefined ? combined : calibrate(calibration, combined);
}
