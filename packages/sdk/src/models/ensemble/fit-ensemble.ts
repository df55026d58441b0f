import { EcapError } from "../../errors/ecap-error.ts";
import { logOdds } from "../../training/calibration.ts";
import type { Ensemble } from "./ensemble.ts";

/** What the members said of a case that none of them learned from. */
export interface MemberScores {
  readonly scores: readonly number[];
  readonly positive: boolean;
}

const maxSteps = 200;
/** Keeps weights finite where members agree or separate the classes. */
const ridge = 1e-3;

/**
 * Learns the weights of a stacked ensemble: a logistic regression on the members' log-odds, none of whose weights is negative (Breiman, 1996, found
 * that what makes stacking work). Cases must be ones no member learned from, or the member that remembers most wins.
 */
export function fitStacked(members: readonly string[], cases: readonly MemberScores[]): Ensemble {
  return resultOf(stacking(members, cases));
}

/** {@link fitStacked} a pass over the cases at a time, for a caller that has other work between them. */
export function* stacking(
  members: readonly string[],
  cases: readonly MemberScores[],
): Generator<void, Ensemble> {
  const width = members.length;
  const rows = cases.map(({ scores }) => Float64Array.from(scores, logOdds));
  if (rows.some((row) => row.length !== width || row.some(Number.isNaN)))
    throw new EcapError("ECAP_TRAINING_DATA", "a case does not have one score of each member");
  // Coordinate descent: each step is Newton's for one weight, kept at zero or above.
  const weights = new Float64Array(width).fill(1 / width);
  let intercept = 0;
  const sums = rows.map((row) => dot(row, weights));
  const step = (valueOf: (row: number) => number, current: number, least: number): number => {
    let gradient = ridge * current;
    let curvature = ridge;
    cases.forEach(({ positive }, row) => {
      const p = 1 / (1 + Math.exp(-(sums[row] ?? 0)));
      const value = valueOf(row);
      gradient += (value * (p - (positive ? 1 : 0))) / cases.length;
      curvature += (value * value * p * (1 - p)) / cases.length;
    });
    // A whole step may overshoot where the curve is flat.
    const whole = gradient / curvature;
    const change = Math.max(current - Math.max(Math.min(whole, 1), -1), least) - current;
    for (let row = 0; row < sums.length; row += 1)
      sums[row] = (sums[row] ?? 0) + change * valueOf(row);
    return change;
  };
  for (let pass = 0; pass < maxSteps; pass += 1) {
    const change = step(() => 1, intercept, Number.NEGATIVE_INFINITY);
    intercept += change;
    let largest = Math.abs(change);
    for (let member = 0; member < width; member += 1) {
      const own = step((row) => rows[row]?.[member] ?? 0, weights[member] ?? 0, 0);
      weights[member] = (weights[member] ?? 0) + own;
      largest = Math.max(largest, Math.abs(own));
      yield;
    }
    if (largest < 1e-6) break;
  }
  return { members, combination: { kind: "stacked", weights: [...weights], intercept } };
}

/**
 * Looks for the weights of the mean, in steps of `1 / parts`, that `judge` likes best: every division of `parts` among the members is tried, so few
 * members only.
 */
export function fitWeighted(
  members: readonly string[],
  judge: (ensemble: Ensemble) => number,
  parts = 10,
): Ensemble {
  return resultOf(weighing(members, judge, parts));
}

/** {@link fitWeighted} a division at a time. */
export function* weighing(
  members: readonly string[],
  judge: (ensemble: Ensemble) => number,
  parts: number,
): Generator<void, Ensemble> {
  let best: { readonly ensemble: Ensemble; readonly worth: number } | undefined;
  for (const shares of divisions(parts, members.length)) {
    const weights = shares.map((share) => share / parts);
    const ensemble: Ensemble = { members, combination: { kind: "weighted", weights } };
    const worth = judge(ensemble);
    if (best === undefined || worth > best.worth) best = { ensemble, worth };
    yield;
  }
  if (best === undefined) throw new EcapError("ECAP_TRAINING_DATA", "an ensemble wants members");
  return best.ensemble;
}

function resultOf<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

function* divisions(parts: number, among: number): Generator<number[]> {
  if (among === 0) return;
  if (among === 1) {
    yield [parts];
    return;
  }
  for (let own = 0; own <= parts; own += 1)
    for (const rest of divisions(parts - own, among - 1)) yield [own, ...rest];
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
