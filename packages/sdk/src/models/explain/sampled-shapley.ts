import { createShuffle } from "../../training/shuffle.ts";

export interface SampledOptions {
  /** Values of rows, in their order. */
  readonly valuesOf: (rows: ReadonlyArray<readonly number[]>) => Promise<readonly number[]>;
  readonly row: readonly number[];
  readonly background: ReadonlyArray<readonly number[]>;
  /** Orders of the features that are tried, each also backwards. */
  readonly orders: number;
  readonly seed: number;
}

export interface SampledContributions {
  readonly contributions: readonly number[];
  /** Standard errors of these. */
  readonly errors: readonly number[];
}

/**
 * Shapley values by sampling: features are taken over from the row one after the other, in a random order and then in the opposite one, from a background row;
 * what the value changes by is a feature's share. The mean over orders is right on average, and the errors say how far off it may be.
 *
 * @see Štrumbelj and Kononenko, Explaining prediction models and individual predictions with feature contributions, Knowledge and Information Systems 41, 2014
 * @see Mitchell et al., Sampling permutations for Shapley value estimation, Journal of Machine Learning Research 23, 2022 (antithetic orders)
 */
export async function sampledShapley({
  valuesOf,
  row,
  background,
  orders,
  seed,
}: SampledOptions): Promise<SampledContributions> {
  const shuffled = createShuffle(row.length, seed);
  const { length: width } = row;
  const walks: Array<{ readonly order: readonly number[]; readonly from: readonly number[] }> = [];
  for (let i = 0; i < orders; i += 1) {
    const order = [...shuffled()];
    // Each background row as often as any other, or the base would be another than the mean.
    const from = background[i % background.length] ?? row;
    walks.push({ order, from }, { order: order.toReversed(), from });
  }
  const values = await valuesOf(walks.flatMap(({ order, from }) => stepsOf(row, from, order)));
  const sums = row.map(() => 0);
  const squares = row.map(() => 0);
  for (let pair = 0; pair < orders; pair += 1) {
    const change = row.map(() => 0);
    for (const walk of [2 * pair, 2 * pair + 1])
      walks[walk]?.order.forEach((feature, step) => {
        const at = walk * (width + 1) + step;
        change[feature] = (change[feature] ?? 0) + ((values[at + 1] ?? 0) - (values[at] ?? 0)) / 2;
      });
    change.forEach((value, feature) => {
      sums[feature] = (sums[feature] ?? 0) + value;
      squares[feature] = (squares[feature] ?? 0) + value * value;
    });
  }
  const contributions = sums.map((sum) => sum / orders);
  return {
    contributions,
    errors: squares.map((square, i) => {
      const variance = square / orders - (contributions[i] ?? 0) ** 2;
      return Math.sqrt(Math.max(0, variance) / Math.max(1, orders - 1));
    }),
  };
}

/** The background row, and what becomes of it as one feature after the other is the row's. */
function stepsOf(
  row: readonly number[],
  from: readonly number[],
  order: readonly number[],
): ReadonlyArray<readonly number[]> {
  const current = [...from];
  const steps = [[...current]];
  for (const feature of order) {
    current[feature] = row[feature] ?? Number.NaN;
    steps.push([...current]);
  }
  return steps;
}
