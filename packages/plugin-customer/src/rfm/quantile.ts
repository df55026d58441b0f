/** The p-quantile of ascending values by linear interpolation: type 7 of Hyndman & Fan (1996), the default of R and NumPy. NaN of no values. */
export function quantile(ascending: readonly number[], p: number): number {
  const { length } = ascending;
  if (length === 0) return Number.NaN;
  const position = (length - 1) * p;
  const below = Math.floor(position);
  const low = ascending[below] ?? Number.NaN;
  const high = ascending[Math.min(below + 1, length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}
