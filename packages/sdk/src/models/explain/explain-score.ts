import { EcapError } from "../../errors/ecap-error.ts";
import type { FeatureValues } from "../../features/feature.ts";
import type { ExactContributions } from "../../ports/model-runtime.ts";
import type { Scorer } from "../scorer.ts";
import { sampledShapley } from "./sampled-shapley.ts";

export interface Contribution {
  readonly feature: string;
  /** What the model was given; absent where it was given nothing. */
  readonly value?: number;
  readonly contribution: number;
  /** Standard error, of a sampled one. */
  readonly error?: number;
}

/** Why a score is what it is: Shapley values against rows of the training data. */
export interface Explanation {
  readonly method: ExactContributions["method"] | "sampled";
  /** What contributions add up in: the score itself, or its log-odds. */
  readonly space: ExactContributions["space"];
  /** Mean of the background rows. */
  readonly base: number;
  /** Of the row: base and all contributions together. */
  readonly total: number;
  /** Largest first, by their size. */
  readonly contributions: readonly Contribution[];
}

export interface ExplainOptions {
  /** "auto" is exact where the graph allows. Default "auto". */
  readonly method?: "auto" | "sampled";
  /** Orders of features that sampling tries. Default 200. */
  readonly orders?: number;
  /** Equal seeds give equal samples. Default 1. */
  readonly seed?: number;
  /** Of a sampled explanation. Default: what the exact one has, else "score". */
  readonly space?: ExactContributions["space"];
}

/** Background rows that are used, at most. */
const backgroundRows = 100;
/** How far what is called exact may be from the score the model gives; beyond it the graph was misread, and samples are taken. */
const tolerance = 1e-3;

/** Explains a score; for a graph that is read it takes milliseconds, by sampling some hundred. ECAP_MODEL_INVALID where the contract has no rows to compare with. */
export async function explainScore(
  scorer: Scorer,
  features: FeatureValues,
  { method = "auto", orders = 200, seed = 1, space }: ExplainOptions = {},
): Promise<Explanation> {
  const { contract } = scorer;
  const row = scorer.row(features);
  const background = backgroundOf(scorer);
  const [answer] = await scorer.scoreRows([row]);
  const score = answer?.score ?? Number.NaN;
  const exact = method === "sampled" ? undefined : exactOf(scorer, { row, background, score });
  if (exact !== undefined) {
    const contributions = exact.contributions.map((contribution, i) =>
      named(contract.features[i]?.name ?? "", row[i], contribution),
    );
    return { ...exact, total: inSpace(score, exact.space), contributions: bySize(contributions) };
  }
  const used = space ?? "score";
  const valuesOf = async (rows: ReadonlyArray<readonly number[]>): Promise<readonly number[]> =>
    (await scorer.scoreRows(rows)).map((each) => inSpace(each.score, used));
  const values = await valuesOf(background);
  const sampled = await sampledShapley({ valuesOf, row, background, orders, seed });
  const contributions = sampled.contributions.map((contribution, i) => ({
    ...named(contract.features[i]?.name ?? "", row[i], contribution),
    error: sampled.errors[i] ?? 0,
  }));
  return {
    method: "sampled",
    space: used,
    base: values.reduce((sum, value) => sum + value, 0) / values.length,
    total: inSpace(score, used),
    contributions: bySize(contributions),
  };
}

function exactOf(
  scorer: Scorer,
  {
    row,
    background,
    score,
  }: {
    readonly row: readonly number[];
    readonly background: ReadonlyArray<readonly number[]>;
    readonly score: number;
  },
): ExactContributions | undefined {
  const exact = scorer.explain(row, background);
  if (exact === undefined) return undefined;
  const total = exact.contributions.reduce((sum, each) => sum + each, exact.base);
  const expected = inSpace(score, exact.space);
  return Math.abs(total - expected) <= tolerance * Math.max(1, Math.abs(expected))
    ? exact
    : undefined;
}

function backgroundOf({ contract, fill }: Scorer): ReadonlyArray<readonly number[]> {
  const given = contract.background ?? contract.golden.map(({ input }) => input);
  const rows = given.slice(0, backgroundRows).flatMap((values) => {
    try {
      return [fill(values.map((value) => value ?? Number.NaN))];
    } catch {
      // One that lacks what must be there says nothing of what is usual.
      return [];
    }
  });
  if (rows.length > 0) return rows;
  throw new EcapError(
    "ECAP_MODEL_INVALID",
    `the contract of "${contract.name}" has neither background nor golden rows to compare with`,
  );
}

function inSpace(score: number, space: ExactContributions["space"]): number {
  if (space === "score") return score;
  // A score of 0 or 1 has no log-odds; in single precision these are where it is lost.
  const inside = Math.min(1 - 1e-7, Math.max(1e-7, score));
  return Math.log(inside / (1 - inside));
}

function named(feature: string, value: number | undefined, contribution: number): Contribution {
  return {
    feature,
    ...(value !== undefined && !Number.isNaN(value) && { value }),
    contribution,
  };
}

function bySize(contributions: readonly Contribution[]): readonly Contribution[] {
  return contributions.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}
