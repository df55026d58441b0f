import { type Drift, discoveries, driftOf } from "./drift.ts";
import { binOf } from "./histogram.ts";
import type { ModelContract } from "./model-contract.ts";
import type { Asked } from "./model-server.ts";

/** Upper edges of latencies, in milliseconds: three to a decade. */
const latencyEdges = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** What a model did in a time, as counts that can be added. */
export interface WatchCounts {
  asked: number;
  scored: number;
  late: number;
  failed: number;
  readonly latency: number[];
  /** By the bins of the contract's histogram; empty where it has none. */
  readonly score: number[];
  /** By feature of the contract's histograms; the last count is of missing values. */
  readonly features: Record<string, number[]>;
}

export function emptyCounts(contract: ModelContract | undefined): WatchCounts {
  const { score, features = {} } = contract?.histograms ?? {};
  return {
    asked: 0,
    scored: 0,
    late: 0,
    failed: 0,
    latency: [...latencyEdges, 0].map(() => 0),
    score: (score?.counts ?? []).map(() => 0),
    features: Object.fromEntries(
      Object.entries(features).map(([name, { counts }]) => [name, [...counts, 0].map(() => 0)]),
    ),
  };
}

/** Adds answers to counts of the same contract. On the way of every decision, so what can be looked up once is. */
export function counterOf(
  counts: WatchCounts,
  contract: ModelContract | undefined,
): (opinion: Asked["opinion"], features: Readonly<Record<string, number>>) => void {
  const { score: scores, features: histograms = {} } = contract?.histograms ?? {};
  const watched = Object.entries(histograms).flatMap(([name, { edges }]) => {
    const bins = counts.features[name];
    return bins === undefined ? [] : [{ name, edges, bins }];
  });
  return ({ score, late, failure, latencyMs }, features) => {
    counts.asked += 1;
    if (late === true) counts.late += 1;
    else if (failure !== undefined) counts.failed += 1;
    if (score !== undefined) {
      counts.scored += 1;
      if (latencyMs !== undefined) increment(counts.latency, binOf(latencyEdges, latencyMs));
      if (scores !== undefined) increment(counts.score, binOf(scores.edges, score));
    }
    for (const { name, edges, bins } of watched) {
      const value = features[name];
      const isMissing = value === undefined || Number.isNaN(value);
      increment(bins, isMissing ? bins.length - 1 : binOf(edges, value));
    }
  };
}

function increment(bins: number[], bin: number): void {
  bins[bin] = (bins[bin] ?? 0) + 1;
}

export function addCounts(sum: WatchCounts, more: WatchCounts): void {
  for (const name of ["asked", "scored", "late", "failed"] as const) sum[name] += more[name];
  addBins(sum.latency, more.latency);
  addBins(sum.score, more.score);
  for (const [name, bins] of Object.entries(more.features)) {
    const own = sum.features[name];
    if (own !== undefined) addBins(own, bins);
  }
}

function addBins(sum: number[], more: readonly number[]): void {
  more.forEach((count, bin) => {
    sum[bin] = (sum[bin] ?? 0) + count;
  });
}

/** How a model is doing. */
export interface WatchReport {
  readonly asked: number;
  readonly late: number;
  readonly failed: number;
  /** Share of what it was asked that it scored; absent where it was asked nothing. */
  readonly coverage?: number;
  /** Upper edges of the bins that half, and 99 of 100, of the answers are in, in milliseconds. */
  readonly latencyMs?: { readonly p50: number; readonly p99: number };
  /** Absent where the contract has no histogram of scores. */
  readonly score?: Drift;
  /** Those that moved most first. Which of them are called drifted takes into account how many there are. */
  readonly features: ReadonlyArray<Drift & { readonly feature: string }>;
}

export function reportOf(counts: WatchCounts, contract: ModelContract): WatchReport {
  const { asked, scored, late, failed } = counts;
  const { score, features = {} } = contract.histograms ?? {};
  const moved = Object.entries(features).map(([feature, reference]) => ({
    feature,
    ...driftOf([...reference.counts, reference.missing ?? 0], counts.features[feature] ?? []),
  }));
  const named = discoveries(moved.map(({ pValue }) => pValue));
  return {
    asked,
    late,
    failed,
    ...(asked > 0 && { coverage: scored / asked }),
    ...(scored > 0 && {
      latencyMs: { p50: quantile(counts.latency, 0.5), p99: quantile(counts.latency, 0.99) },
    }),
    ...(score !== undefined && { score: driftOf(score.counts, counts.score) }),
    features: moved
      .map((each, i) => ({ ...each, drifted: each.drifted && named[i] === true }))
      .toSorted((a, b) => b.psi - a.psi),
  };
}

function quantile(bins: readonly number[], share: number): number {
  const all = bins.reduce((sum, each) => sum + each, 0);
  let seen = 0;
  for (const [bin, count] of bins.entries()) {
    seen += count;
    if (seen >= share * all) return latencyEdges[bin] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
