/**
 * Probability that a chi-squared variable is at least `x`: the regularised upper incomplete gamma function, by its series below `a + 1` and by Lentz's
 * continued fraction above.
 *
 * @see Press et al., Numerical Recipes, 3rd edition (2007), section 6.2
 */
export function chiSquaredTail(x: number, freedom: number): number {
  if (freedom <= 0 || x <= 0) return 1;
  const a = freedom / 2;
  const half = x / 2;
  const front = Math.exp(a * Math.log(half) - half - logGamma(a));
  return half < a + 1 ? Math.max(0, 1 - front * series(a, half)) : front * fraction(a, half);
}

/** The value that a chi-squared variable exceeds with this probability. */
export function chiSquaredQuantile(tail: number, freedom: number): number {
  let low = 0;
  let high = freedom + 10;
  while (chiSquaredTail(high, freedom) > tail) high *= 2;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (chiSquaredTail(middle, freedom) > tail) low = middle;
    else high = middle;
  }
  return high;
}

function series(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < 1_000 && term > sum * 1e-16; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

function fraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 1_000; n += 1) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / (Math.abs(factor * d + b) < tiny ? tiny : factor * d + b);
    c = Math.abs(b + factor / c) < tiny ? tiny : b + factor / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return h;
}

/** Lanczos, as in section 6.1 of the same book. */
function logGamma(x: number): number {
  const coefficients = [
    76.180_091_729_471_5, -86.505_320_329_416_8, 24.014_098_240_830_9, -1.231_739_572_450_155,
    0.001_208_650_973_866_179, -0.000_005_395_239_384_953,
  ];
  const shifted = x + 5.5 - (x + 0.5) * Math.log(x + 5.5);
  const sum = coefficients.reduce(
    (total, each, i) => total + each / (x + 1 + i),
    1.000000000190015,
  );
  return -shifted + Math.log((Math.sqrt(2 * Math.PI) * sum) / x);
}
