import { z } from "zod";

/** Counts of values between edges: `counts[0]` up to the first edge, itself included, the last beyond the last edge. */
export interface Histogram {
  /** Ascending. */
  readonly edges: readonly number[];
  /** One more than there are edges. */
  readonly counts: readonly number[];
  /** Values that were missing. */
  readonly missing?: number | undefined;
}

const count = z.number().min(0);

export const histogramSchema = z
  .strictObject({
    edges: z.array(z.number()).min(1).max(200).readonly(),
    counts: z.array(count).min(2).max(201).readonly(),
    missing: count.optional(),
  })
  .refine(({ edges }) => edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? edge)), {
    message: "edges must ascend",
    path: ["edges"],
  })
  .refine(({ edges, counts }) => counts.length === edges.length + 1, {
    message: "expected one more count than edges",
    path: ["counts"],
  });

/** Which count a value belongs to. */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A histogram of values by their quantiles, as a trainer puts it into a contract; NaN counts as missing. */
export function histogramOf(values: Iterable<number>, bins = 10): Histogram {
  const all = [...values];
  const known = Float64Array.from(all.filter((value) => !Number.isNaN(value))).toSorted();
  const quantiles = Array.from(
    { length: bins - 1 },
    (_, i) => known[Math.min(known.length - 1, Math.floor(((i + 1) * known.length) / bins))] ?? 0,
  );
  // A value that many share is one edge, and nothing is beyond the largest.
  const edges = [...new Set(quantiles)];
  const counts = edges.map(() => 0).concat(0);
  for (const value of known) {
    const bin = binOf(edges, value);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges, counts, missing: all.length - known.length };
}
