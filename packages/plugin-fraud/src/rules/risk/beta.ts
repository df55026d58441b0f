/** The value below which a share of a beta distribution lies, to about 1e-9; by halving, as the distribution function only grows. */
export function betaQuantile(share: number, { a, b }: Beta): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 50 && high - low > 1e-10; step += 1) {
    const middle = (low + high) / 2;
    if (betaShareBelow(middle, { a, b }) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A beta distribution: of a rate after `a − 1` cases and `b − 1` others, were every rate as likely before. */
export interface Beta {
  readonly a: number;
  readonly b: number;
}

/**
 * How much of a beta distribution lies below a value: the regularised incomplete beta function, by its continued fraction.
 *
 * @see https://dlmf.nist.gov/8.17#v
 */
export function betaShareBelow(x: number, { a, b }: Beta): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - betaShareBelow(1 - x, { a: b, b: a });
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  return (front * fraction(x, a, b)) / a;
}

/** By Lentz's method. */
function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const kept = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / kept(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 500; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept(1 + even * d);
    c = kept(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept(1 + odd * d);
    c = kept(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return result;
}

/** Stirling's series, of numbers above 0; those below 10 are brought there. */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 10; at += 1) shift += Math.log(at);
  const square = 1 / (at * at);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1_260 - square / 1_680))) / at;
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
