/** Residuals past so many scales are outliers: for Huber's ψ and Tukey's ρ alike, as in Gelper, Fried and Croux. */
const cutoff = 2;
/** Makes the biweight scale that of a normal distribution, for the cutoff above. */
const consistency = 2.52;
/** Makes the median absolute deviation that of a normal distribution. */
const madConsistency = 1.4826;

/** Huber's ψ: what is beyond the cutoff counts as the cutoff. */
export function clipped(standardised: number): number {
  return Math.max(-cutoff, Math.min(cutoff, standardised));
}

/** Tukey's biweight ρ, bounded, of mean 1 under a normal distribution. */
export function biweight(standardised: number): number {
  if (Math.abs(standardised) > cutoff) return consistency;
  return consistency * (1 - (1 - (standardised / cutoff) ** 2) ** 3);
}

/** NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  // Halves first, so that the sum of the greatest numbers stays finite.
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1] ?? Number.NaN) / 2 + upper / 2;
}

/** The scale of residuals around zero: by their median size, or where more than half of them are zero by their mean size. */
export function robustScale(residuals: readonly number[]): number {
  if (residuals.length === 0) return 0;
  const sizes = residuals.map(Math.abs);
  const mad = madConsistency * median(sizes);
  return mad > 0 ? mad : sizes.reduce((sum, size) => sum + size / sizes.length, 0);
}
