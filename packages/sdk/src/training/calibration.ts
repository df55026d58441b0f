import type { Ranked } from "./evaluation.ts";

/** Makes probabilities of scores; data, so that it can be kept beside a model. */
export type Calibration =
  /** `1 / (1 + exp(slope · logit(score) + intercept))` with the score kept within (0, 1). */
  | { readonly kind: "platt"; readonly slope: number; readonly intercept: number }
  /** Straight lines between the points, and level outside of them. */
  | {
      readonly kind: "isotonic";
      readonly scores: readonly number[];
      readonly probabilities: readonly number[];
    };

/**
 * A logistic curve through the scores' log-odds (Platt, 1999, with his smoothed targets; Newton's method with the safeguards of Lin, Lin and Weng, 2007).
 * For few labels; it keeps the order of the scores.
 */
export function fitPlatt(cases: readonly Ranked[]): Calibration {
  const positives = cases.filter(({ positive }) => positive).length;
  const negatives = cases.length - positives;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const points = cases.map(({ score, positive }) => ({
    x: logOdds(score),
    target: positive ? high : low,
  }));
  const lossOf = (slope: number, intercept: number): number =>
    points.reduce((sum, { x, target }) => {
      const z = slope * x + intercept;
      // −log of the likelihood, written so that neither exponential overflows.
      return sum + (z >= 0 ? target * z : (target - 1) * z) + Math.log1p(Math.exp(-Math.abs(z)));
    }, 0);
  let slope = 0;
  let intercept = Math.log((negatives + 1) / (positives + 1));
  let loss = lossOf(slope, intercept);
  for (let step = 0; step < maxSteps; step += 1) {
    const { slopeStep, interceptStep, decrease, isFlat } = newtonStep(points, slope, intercept);
    if (isFlat) break;
    let size = 1;
    let next = loss;
    for (; size >= smallestStep; size /= 2) {
      next = lossOf(slope + size * slopeStep, intercept + size * interceptStep);
      if (next < loss + 1e-4 * size * decrease) break;
    }
    if (size < smallestStep) break;
    slope += size * slopeStep;
    intercept += size * interceptStep;
    loss = next;
  }
  return { kind: "platt", slope, intercept };
}

const maxSteps = 100;
const smallestStep = 1e-10;

function newtonStep(
  points: ReadonlyArray<{ readonly x: number; readonly target: number }>,
  slope: number,
  intercept: number,
) {
  let [h11, h22, h21, g1, g2] = [1e-12, 1e-12, 0, 0, 0];
  for (const { x, target } of points) {
    const p = probability(slope * x + intercept);
    const weight = p * (1 - p);
    h11 += x * x * weight;
    h22 += weight;
    h21 += x * weight;
    g1 += x * (target - p);
    g2 += target - p;
  }
  const determinant = h11 * h22 - h21 * h21;
  const slopeStep = -(h22 * g1 - h21 * g2) / determinant;
  const interceptStep = -(-h21 * g1 + h11 * g2) / determinant;
  return {
    slopeStep,
    interceptStep,
    decrease: g1 * slopeStep + g2 * interceptStep,
    isFlat: Math.abs(g1) < 1e-5 && Math.abs(g2) < 1e-5,
  };
}

/**
 * The non-decreasing curve nearest to the outcomes (pool adjacent violators: Ayer et al., 1955; for classifiers Zadrozny and Elkan, 2002). For many
 * labels; scores on a level part of it become equal.
 */
export function fitIsotonic(cases: readonly Ranked[]): Calibration {
  const blocks: Array<{ from: number; to: number; positives: number; cases: number }> = [];
  for (const { score, positive } of cases.toSorted((a, b) => a.score - b.score)) {
    const last = blocks.at(-1);
    if (last !== undefined && last.to === score) {
      last.positives += positive ? 1 : 0;
      last.cases += 1;
    } else blocks.push({ from: score, to: score, positives: positive ? 1 : 0, cases: 1 });
  }
  const pooled: typeof blocks = [];
  for (const block of blocks) {
    let own = block;
    for (
      let before = pooled.at(-1);
      before && meanOf(before) >= meanOf(own);
      before = pooled.at(-1)
    ) {
      pooled.pop();
      own = {
        from: before.from,
        to: own.to,
        positives: before.positives + own.positives,
        cases: before.cases + own.cases,
      };
    }
    pooled.push(own);
  }
  const points = pooled.flatMap((block) => {
    const ends = block.from === block.to ? [block.from] : [block.from, block.to];
    return ends.map((score) => ({ score, probability: meanOf(block) }));
  });
  return {
    kind: "isotonic",
    scores: points.map(({ score }) => score),
    probabilities: points.map((point) => point.probability),
  };
}

/** The probability that goes with a score. */
export function calibrate(calibration: Calibration, score: number): number {
  if (calibration.kind === "platt")
    return probability(calibration.slope * logOdds(score) + calibration.intercept);
  const { scores, probabilities } = calibration;
  let above = 0;
  let end = scores.length;
  while (above < end) {
    const middle = (above + end) >>> 1;
    if ((scores[middle] ?? 0) < score) above = middle + 1;
    else end = middle;
  }
  const low = Math.max(above - 1, 0);
  const high = Math.min(above, scores.length - 1);
  const [x0 = 0, x1 = 0] = [scores[low], scores[high]];
  const [y0 = 0, y1 = 0] = [probabilities[low], probabilities[high]];
  return x1 === x0 ? y1 : y0 + (y1 - y0) * ((score - x0) / (x1 - x0));
}

/** Of a score kept so far from 0 and 1 that it is finite. */
export function logOdds(score: number): number {
  const kept = Math.min(Math.max(score, 1e-9), 1 - 1e-9);
  return Math.log(kept / (1 - kept));
}

/** Of 1 where `z` is far below zero: Platt's sign. */
function probability(z: number): number {
  return z >= 0 ? Math.exp(-z) / (1 + Math.exp(-z)) : 1 / (1 + Math.exp(z));
}

function meanOf({ positives, cases }: { positives: number; cases: number }): number {
  return positives / cases;
}
