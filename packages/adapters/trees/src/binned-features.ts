import type { TrainingRows } from "@ecap/sdk/training";

/**
 * Each feature in at most 255 bins, so that a branch is looked for among a few places: bins of about as many rows, and finer ones at both ends, where the
 * few rows are that are unlike all others.
 */
export interface BinnedFeatures {
  readonly rows: number;
  /** By feature, the bin of each row; 0 is missing. */
  readonly bins: readonly Uint8Array[];
  /** By feature, the value at or below which a row is in bin 1, 2, …; the last bin has none. */
  readonly edges: readonly Float32Array[];
}

const maxBins = 255;
const sampledRows = 200_000;
const evenBins = 181;
const endBins = 37;
/** Shares of the rows below each cut. */
const cutShares = [
  ...Array.from({ length: evenBins - 1 }, (_, i) => (i + 1) / evenBins),
  ...Array.from({ length: endBins - 1 }, (_, i) => (i + 1) / endBins / evenBins),
  ...Array.from({ length: endBins - 1 }, (_, i) => 1 - (i + 1) / endBins / evenBins),
];

/** Bins are made of the rows to learn from; all rows are put into them. */
export function binFeatures({ rows, learned, width, features }: TrainingRows): BinnedFeatures {
  const edges: Float32Array[] = [];
  const bins: Uint8Array[] = [];
  for (let feature = 0; feature < width; feature += 1) {
    const valueOf = (row: number): number => features[row * width + feature] ?? Number.NaN;
    const own = edgesOf(valueOf, learned);
    edges.push(own);
    bins.push(Uint8Array.from({ length: rows }, (_, row) => binOf(valueOf(row), own)));
  }
  return { rows, bins, edges };
}

function edgesOf(valueOf: (row: number) => number, rows: number): Float32Array {
  const step = Math.max(1, Math.floor(rows / sampledRows));
  const sample = Float32Array.from({ length: Math.ceil(rows / step) }, (_, i) => valueOf(i * step));
  const sorted = sample.filter((value) => !Number.isNaN(value)).toSorted();
  const distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  if (distinct.length <= maxBins)
    return distinct.slice(1).map((high, i) => between(distinct[i] ?? 0, high));
  const cuts = new Set<number>();
  for (const share of cutShares) {
    const value = sorted[Math.floor(share * sorted.length)] ?? 0;
    const next = distinct[lowerBound(distinct, value) + 1];
    if (next !== undefined) cuts.add(between(value, next));
  }
  return Float32Array.from(cuts).toSorted();
}

/** A float32 that is not below the one and below the other. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high ? middle : low;
}

function binOf(value: number, edges: Float32Array): number {
  return Number.isNaN(value) ? 0 : lowerBound(edges, value) + 1;
}

/** Index of the first that is not below the value. */
function lowerBound(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
