import { setImmediate as nextTurn } from "node:timers/promises";
import type { TrainingBatch, TrainingReport, TrainOptions } from "../../ports/model-trainer.ts";
import { type Calibration, fitIsotonic, fitPlatt } from "../../training/calibration.ts";
import { averagePrecision, evaluationOf, type Ranked } from "../../training/evaluation.ts";
import { segmentsOf } from "../../training/segments.ts";
import { untrainable } from "../../training/training-rows.ts";
import { trainedContract } from "../trained-contract.ts";
import { combine, type Ensemble } from "./ensemble.ts";
import type { EnsembleDocument } from "./ensemble-document.ts";
import { type MemberScores, stacking, weighing } from "./fit-ensemble.ts";
import { type Member, type RowScores, scoreByMembers } from "./score-by-members.ts";

export interface EnsembleSpec {
  readonly name: string;
  readonly version: string;
  readonly combination: "stacked" | "weighted";
  readonly calibration: "none" | "platt" | "isotonic";
  /** Column of 0 and 1. */
  readonly label: string;
  /** Column by which the rows that judge are told apart, in bands of its values. Default: none. */
  readonly segment?: string;
  /** Share of the rows, the last to arrive, by which the ensemble is judged, and which it does not learn from. Default 0.2. */
  readonly validationShare?: number;
  /** Of the rows, instants of ISO 8601. */
  readonly period: { readonly from: string; readonly to: string };
}

export interface LearnedEnsemble {
  readonly document: EnsembleDocument;
  readonly report: TrainingReport;
}

/** Rows that weights and calibration are learned from, at most: the last ones. */
const learnedAtMost = 100_000;
/** Points of an isotonic calibration, at most. */
const pointsAtMost = 1_000;

/**
 * Learns how models become one score, from rows that none of them learned from: a member whose training period ends after the rows begin is
 * ECAP_TRAINING_DATA, and so are rows of one class. On the calling thread, with a turn of the event loop after each pass over the rows.
 */
export async function learnEnsemble(
  members: readonly Member[],
  batches: AsyncIterable<TrainingBatch>,
  spec: EnsembleSpec,
  { signal, onProgress }: TrainOptions = {},
): Promise<LearnedEnsemble> {
  const begun = performance.now();
  mustBeEarlier(members, spec.period.from);
  const rows = await scoreByMembers(members, batches, spec, signal);
  const learned = Math.round(rows.rows * (1 - (spec.validationShare ?? 0.2)));
  const cases = casesOf(rows, Math.max(0, learned - learnedAtMost), learned);
  mustHaveBoth(cases);
  const labels = members.map(({ label }) => label);
  const { steps, ensemble } = await fit(labels, cases, { ...spec, signal, onProgress });
  const validation = casesOf(rows, learned, rows.rows);
  const segments = spec.segment && segmentsOf(spec.segment, rows.told.slice(learned));
  const evaluation = evaluationOf(
    ranked(validation, (scores) => combine(ensemble, scores)),
    segments || undefined,
  );
  const alone = labels.flatMap((model, at) => {
    const own = evaluationOf(ranked(validation, (scores) => scores[at]));
    return own === undefined ? [] : [{ model, ...own }];
  });
  return {
    document: documentOf(ensemble, rows, { spec, members }),
    report: {
      rows: rows.rows,
      positives: rows.positives,
      validationRows: rows.rows - learned,
      steps,
      history: [],
      ...(evaluation && { validation: evaluation, members: alone }),
      durationMs: performance.now() - begun,
    },
  };
}

async function fit(
  labels: readonly string[],
  cases: readonly MemberScores[],
  { combination, calibration, signal, onProgress }: EnsembleSpec & TrainOptions,
): Promise<{ readonly steps: number; readonly ensemble: Ensemble }> {
  const byPrecision = (ensemble: Ensemble): number =>
    averagePrecision(ranked(cases, (scores) => combine(ensemble, scores)));
  const work =
    combination === "stacked"
      ? stacking(labels, cases)
      : weighing(labels, byPrecision, labels.length > 3 ? 5 : 10);
  for (let steps = 0; ; steps += 1) {
    const { done, value } = work.next();
    if (done === true) return { steps, ensemble: calibrated(value, cases, calibration) };
    onProgress?.({ step: steps + 1, steps: steps + 1 });
    await nextTurn();
    signal?.throwIfAborted();
  }
}

function calibrated(
  ensemble: Ensemble,
  cases: readonly MemberScores[],
  kind: EnsembleSpec["calibration"],
): Ensemble {
  if (kind === "none") return ensemble;
  const combined = ranked(cases, (scores) => combine(ensemble, scores));
  const calibration = kind === "platt" ? fitPlatt(combined) : thinned(fitIsotonic(combined));
  if (calibration.kind === "platt" && calibration.slope >= 0)
    throw untrainable("the members' scores do not rise with what they should find");
  return { ...ensemble, calibration };
}

/** Points spread evenly over an isotonic curve, its ends among them; with few points the curve itself. */
function thinned(calibration: Calibration): Calibration {
  if (calibration.kind !== "isotonic") return calibration;
  const { scores, probabilities } = calibration;
  if (scores.length <= pointsAtMost) return calibration;
  const kept = Array.from({ length: pointsAtMost }, (_, i) =>
    Math.round((i * (scores.length - 1)) / (pointsAtMost - 1)),
  );
  return {
    kind: "isotonic",
    scores: kept.map((i) => scores[i] ?? 0),
    probabilities: kept.map((i) => probabilities[i] ?? 0),
  };
}

function documentOf(
  ensemble: Ensemble,
  { rows, scores, sample, features }: RowScores,
  { spec, members }: { readonly spec: EnsembleSpec; readonly members: readonly Member[] },
): EnsembleDocument {
  const { name, version, period } = spec;
  const combined = sample.rows.map(
    (row) =>
      combine(
        ensemble,
        members.map((_, at) => scores[at]?.[row]),
      ) ?? Number.NaN,
  );
  const { histograms, golden, training } = trainedContract(
    { name, version, features, period },
    { rows },
    { sample, scores: combined },
  );
  const { combination, calibration } = ensemble;
  return {
    name,
    version,
    members: [...ensemble.members],
    combination: { ...combination, weights: [...combination.weights] },
    ...(calibration && {
      calibration: structuredClone(calibration) as EnsembleDocument["calibration"],
    }),
    features: [...features],
    training,
    histograms,
    golden,
  };
}

function casesOf({ scores, labels }: RowScores, from: number, to: number): readonly MemberScores[] {
  return Array.from({ length: to - from }, (_, i) => ({
    scores: scores.map((own) => own[from + i] ?? Number.NaN),
    positive: labels[from + i] === 1,
  }));
}

function ranked(
  cases: readonly MemberScores[],
  scoreOf: (scores: readonly number[]) => number | undefined,
): readonly Ranked[] {
  return cases.map(({ scores, positive }) => ({ score: scoreOf(scores) ?? Number.NaN, positive }));
}

function mustHaveBoth(cases: readonly MemberScores[]): void {
  const positives = cases.filter(({ positive }) => positive).length;
  if (positives === 0 || positives === cases.length)
    throw untrainable(
      `of the ${cases.length} rows to learn from ${positives} are positive, and both classes are wanted`,
    );
}

/** What a member learned from it remembers, and its scores there promise more than it holds. */
function mustBeEarlier(members: readonly Member[], from: string): void {
  const late = members.find(({ scorer: { contract } }) => {
    const { training } = contract;
    return training !== undefined && Date.parse(training.to) > Date.parse(from);
  });
  if (late !== undefined)
    throw untrainable(
      `${late.label} learned from rows up to ${late.scorer.contract.training?.to}; an ensemble learns from later ones`,
    );
}
