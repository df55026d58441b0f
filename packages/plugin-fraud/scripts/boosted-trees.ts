/** A leaf adds `value` to the log-odds; a branch sends rows with `feature` at or below `threshold` to `below`. */
export type TreeNode =
  | { readonly value: number }
  | {
      readonly feature: number;
      readonly threshold: number;
      readonly below: TreeNode;
      readonly above: TreeNode;
    };

export interface BoostedTrees {
  /** Log-odds before the first tree. */
  readonly base: number;
  readonly trees: readonly TreeNode[];
}

export interface TrainingOptions {
  readonly trees: number;
  readonly depth: number;
  readonly learningRate: number;
  /** Least rows of a leaf. */
  readonly minRows: number;
  /** Added to the curvature of a leaf, so that few rows do not speak loudly. */
  readonly regularisation: number;
}

interface Data {
  /** Values by column. */
  readonly columns: readonly Float32Array[];
  /** Bin of each value, by column, and the upper edges of the bins. */
  readonly bins: ReadonlyArray<{ readonly of: Uint8Array; readonly edges: Float32Array }>;
  readonly gradient: Float64Array;
  readonly curvature: Float64Array;
}

const maxBins = 64;

/**
 * Gradient boosting of regression trees on the logistic loss, with histograms of at most 64 bins and second-order leaves.
 *
 * @see Chen, Guestrin: XGBoost (2016), section 2; https://arxiv.org/abs/1603.02754
 */
export function trainBoostedTrees(
  rows: ReadonlyArray<readonly number[]>,
  labels: readonly number[],
  options: TrainingOptions,
): BoostedTrees {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const base = Math.log(positives / (labels.length - positives));
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, column) =>
    Float32Array.from(rows, (row) => row[column] ?? 0),
  );
  const data: Data = {
    columns,
    bins: columns.map(binned),
    gradient: new Float64Array(rows.length),
    curvature: new Float64Array(rows.length),
  };
  const odds = new Float64Array(rows.length).fill(base);
  const all = Uint32Array.from(rows.keys());
  const trees: TreeNode[] = [];
  for (let round = 0; round < options.trees; round += 1) {
    odds.forEach((value, row) => {
      const probability = sigmoid(value);
      data.gradient[row] = probability - (labels[row] ?? 0);
      data.curvature[row] = probability * (1 - probability);
    });
    const tree = grow(all, options.depth, data, options);
    trees.push(tree);
    for (const row of all)
      odds[row] = (odds[row] ?? 0) + leafOf(tree, (feature) => columns[feature]?.[row] ?? 0);
  }
  return { base, trees };
}

/** Probability of the positive class. */
export function probabilityOf({ base, trees }: BoostedTrees, row: readonly number[]): number {
  const value = (feature: number): number => Math.fround(row[feature] ?? 0);
  return sigmoid(trees.reduce((sum, tree) => sum + leafOf(tree, value), base));
}

function leafOf(tree: TreeNode, value: (feature: number) => number): number {
  let node = tree;
  while ("feature" in node) node = value(node.feature) <= node.threshold ? node.below : node.above;
  return node.value;
}

function grow(rows: Uint32Array, depth: number, data: Data, options: TrainingOptions): TreeNode {
  const split = depth === 0 ? undefined : bestSplit(rows, data, options);
  if (split === undefined) {
    const { gradient, curvature } = totals(rows, data);
    return { value: (-gradient / (curvature + options.regularisation)) * options.learningRate };
  }
  const column = data.columns[split.feature] ?? new Float32Array();
  const below = rows.filter((row) => (column[row] ?? 0) <= split.threshold);
  const above = rows.filter((row) => (column[row] ?? 0) > split.threshold);
  return {
    ...split,
    below: grow(below, depth - 1, data, options),
    above: grow(above, depth - 1, data, options),
  };
}

function bestSplit(
  rows: Uint32Array,
  data: Data,
  { minRows, regularisation }: TrainingOptions,
): { readonly feature: number; readonly threshold: number } | undefined {
  const all = totals(rows, data);
  const worth = (gradient: number, curvature: number): number =>
    gradient ** 2 / (curvature + regularisation);
  const parent = worth(all.gradient, all.curvature);
  let best: { readonly feature: number; readonly threshold: number } | undefined;
  let bestGain = 1e-6;
  data.bins.forEach(({ of, edges }, feature) => {
    const gradients = new Float64Array(edges.length);
    const curvatures = new Float64Array(edges.length);
    const counts = new Uint32Array(edges.length);
    for (const row of rows) {
      const bin = of[row] ?? 0;
      gradients[bin] = (gradients[bin] ?? 0) + (data.gradient[row] ?? 0);
      curvatures[bin] = (curvatures[bin] ?? 0) + (data.curvature[row] ?? 0);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    let gradient = 0;
    let curvature = 0;
    let count = 0;
    for (let bin = 0; bin < edges.length - 1; bin += 1) {
      gradient += gradients[bin] ?? 0;
      curvature += curvatures[bin] ?? 0;
      count += counts[bin] ?? 0;
      if (count < minRows || rows.length - count < minRows) continue;
      const gain =
        worth(gradient, curvature) +
        worth(all.gradient - gradient, all.curvature - curvature) -
        parent;
      if (gain <= bestGain) continue;
      bestGain = gain;
      best = { feature, threshold: edges[bin] ?? 0 };
    }
  });
  return best;
}

function totals(rows: Uint32Array, data: Data) {
  let gradient = 0;
  let curvature = 0;
  for (const row of rows) {
    gradient += data.gradient[row] ?? 0;
    curvature += data.curvature[row] ?? 0;
  }
  return { gradient, curvature };
}

/** Bins of about equal size; a value is in the first bin whose edge is not below it. */
function binned(column: Float32Array): { of: Uint8Array; edges: Float32Array } {
  const sorted = column.toSorted();
  const wanted = Array.from(
    { length: maxBins },
    (_, bin) => sorted[Math.floor(((bin + 1) / maxBins) * (sorted.length - 1))] ?? 0,
  );
  // Rare large values decide much about fraud, and quantiles alone would put them into one bin.
  const [low = 0, high = 0] = [sorted[0], sorted.at(-1)];
  const even = Array.from({ length: 16 }, (_, step) => low + ((high - low) * step) / 16);
  const edges = Float32Array.from(
    new Set(Float32Array.from([...wanted, ...even, high])),
  ).toSorted();
  const of = Uint8Array.from(column, (value) => edges.findIndex((edge) => value <= edge));
  return { of, edges };
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
