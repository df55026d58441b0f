import { type Calibration, calibrate, logOdds } from "../../training/calibration.ts";

/** How the scores of several models become one; data, so that it can be kept and versioned as a model is. */
export interface Ensemble {
  /** Names of the models, in the order of their weights; in a registry name and version, as in `card-fraud/3`. */
  readonly members: readonly string[];
  readonly combination: /** The mean of the scores by weight. */
    | { readonly kind: "weighted"; readonly weights: readonly number[] }
    /** A logistic regression on the log-odds of the scores (stacked generalisation: Wolpert, 1992). */
    | { readonly kind: "stacked"; readonly weights: readonly number[]; readonly intercept: number };
  /** What makes a probability of the combined score. Default: it is one. */
  readonly calibration?: Calibration | undefined;
  /** Share of the weight that has to have a score for the whole to have one. Default: that any has. */
  readonly quorum?: number | undefined;
}

/**
 * One score of the members' scores, in their order. A member without one (it failed or was late) gives its weight to the others, in proportion;
 * undefined where none has one, or too few have.
 */
export function combine(
  { combination, calibration, quorum = 0 }: Ensemble,
  scores: ReadonlyArray<number | undefined>,
): number | undefined {
  const { weights } = combination;
  const isStacked = combination.kind === "stacked";
  let [sum, present, all] = [0, 0, 0];
  for (let member = 0; member < weights.length; member += 1) {
    const weight = weights[member] ?? 0;
    all += weight;
    const score = scores[member];
    if (score === undefined) continue;
    present += weight;
    sum += weight * (isStacked ? logOdds(score) : score);
  }
  if (present === 0 || present < quorum * all) return undefined;
  const combined = isStacked
    ? 1 / (1 + Math.exp(-((sum * all) / present + combination.intercept)))
    : sum / present;
  return calibration === undefined ? combined : calibrate(calibration, combined);
}
