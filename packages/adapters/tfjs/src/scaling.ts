import type { TrainingRows } from "@ecap/sdk/training";

/** What is done to each feature before the first layer: a missing value becomes the mean, then it is centred, divided, and kept within bounds. */
export interface Scaling {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** A feature further from its mean than so many deviations counts as that far: an absurd value cannot drown all others. */
export const farthest = 10;

/** Mean and deviation of each feature over the rows to learn from; those that never change, or are always missing, are divided by 1. */
export function measureScaling({ features, width, learned }: TrainingRows): Scaling {
  const mean = new Float32Array(width);
  const deviation = new Float32Array(width).fill(1);
  for (let at = 0; at < width; at += 1) {
    let [count, own, squares] = [0, 0, 0];
    // Welford (1962): no cancellation where a feature is large and varies little.
    for (let row = 0; row < learned; row += 1) {
      const value = features[row * width + at] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      count += 1;
      const difference = value - own;
      own += difference / count;
      squares += difference * (value - own);
    }
    mean[at] = own;
    const root = Math.sqrt(squares / Math.max(count, 1));
    if (root > Math.abs(own) * 1e-6 && root > 1e-12) deviation[at] = root;
  }
  return { mean, deviation };
}

/** Scales in place. */
export function scale({ features, width, rows }: TrainingRows, { mean, deviation }: Scaling): void {
  for (let row = 0; row < rows; row += 1) {
    for (let at = 0; at < width; at += 1) {
      const index = row * width + at;
      const value = features[index] ?? Number.NaN;
      const centred = Number.isNaN(value) ? 0 : (value - (mean[at] ?? 0)) / (deviation[at] ?? 1);
      features[index] = Math.min(Math.max(centred, -farthest), farthest);
    }
  }
}
