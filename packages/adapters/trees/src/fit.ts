import { setImmediate as nextTurn } from "node:timers/promises";
import type {
  BoostedAlgorithm,
  ForestAlgorithm,
  TrainingProgress,
  TrainingSpec,
  TrainOptions,
} from "@ecap/sdk";
import { seededRandom, type TrainingRows } from "@ecap/sdk/training";
import { type BinnedFeatures, binFeatures } from "./binned-features.ts";
import { growTree, leafOf, type Tree } from "./grow-tree.ts";

export interface FittedTrees {
  readonly trees: readonly Tree[];
  /** How the values of the trees' leaves become a probability: they are added to `base`, then the logistic function is taken of a log-odds. */
  readonly base: number;
  readonly isLogOdds: boolean;
  readonly history: readonly TrainingProgress[];
  readonly binned: BinnedFeatures;
}

export interface Fitting extends TrainOptions {
  readonly rows: TrainingRows;
  readonly spec: TrainingSpec;
}

/** Each tree learns from as many rows as there are, drawn with replacement; a leaf is the share of positives in it. */
export async function fitForest(
  { rows, spec, signal, onProgress }: Fitting,
  { trees: count = 100, depth = 30, leafWeight = 1, features }: ForestAlgorithm,
): Promise<FittedTrees> {
  const binned = binFeatures(rows);
  const random = seededRandom(spec.seed ?? 1);
  const trees: Tree[] = [];
  const history: TrainingProgress[] = [];
  for (let step = 1; step <= count; step += 1) {
    const drawn = new Uint32Array(rows.learned);
    for (let i = 0; i < rows.learned; i += 1) {
      const row = Math.floor(random() * rows.learned);
      drawn[row] = (drawn[row] ?? 0) + 1;
    }
    const curvature = Float64Array.from(drawn, (times, row) => times * (rows.weights[row] ?? 0));
    const gradient = curvature.map((weight, row) => weight * (rows.labels[row] ?? 0));
    const tree = await grown(
      growTree(binned, { gradient, curvature }, where(drawn), {
        depth,
        leafWeight,
        l2: 0,
        features: features ?? Math.max(1, Math.round(Math.sqrt(rows.width))),
        random,
      }),
      signal,
    );
    tree.value.forEach((value, node) => {
      tree.value[node] = value / count;
    });
    trees.push(tree);
    history.push({ step, steps: count });
    onProgress?.({ step, steps: count });
  }
  return { binned, trees, base: 0, isLogOdds: false, history };
}

/** Each tree follows the slope of the logistic loss of those before it. */
export async function fitBoosted(
  { rows, spec, signal, onProgress }: Fitting,
  algorithm: BoostedAlgorithm,
): Promise<FittedTrees> {
  const { trees: count = 200, patience = 20, depth = 4, leafWeight = 1, l2 = 1 } = algorithm;
  const { learningRate = 0.1, rowShare = 1, features = rows.width } = algorithm;
  const { learned, labels, weights } = rows;
  const binned = binFeatures(rows);
  const random = seededRandom(spec.seed ?? 1);
  const base = baseOf(rows);
  const odds = new Float64Array(rows.rows).fill(base);
  const gradient = new Float64Array(learned);
  const curvature = new Float64Array(learned);
  const trees: Tree[] = [];
  const history: TrainingProgress[] = [];
  let [kept, least] = [0, Number.POSITIVE_INFINITY];
  for (let step = 1; step <= count; step += 1) {
    const drawn = new Uint32Array(learned);
    for (let row = 0; row < learned; row += 1) {
      const probability = sigmoid(odds[row] ?? 0);
      const weight = weights[row] ?? 0;
      gradient[row] = weight * ((labels[row] ?? 0) - probability);
      curvature[row] = weight * probability * (1 - probability);
      drawn[row] = rowShare >= 1 || random() < rowShare ? 1 : 0;
    }
    const options = { depth, leafWeight, l2, features, random };
    const growing = growTree(binned, { gradient, curvature }, where(drawn), options);
    const tree = await grown(growing, signal);
    tree.value.forEach((value, node) => {
      tree.value[node] = value * learningRate;
    });
    trees.push(tree);
    for (let row = 0; row < odds.length; row += 1)
      odds[row] = (odds[row] ?? 0) + leafOf(tree, binned, row);
    const progress = { step, steps: count, ...losses(odds, rows) };
    history.push(progress);
    onProgress?.(progress);
    const followed = progress.validationLoss ?? -step;
    if (followed < least) [kept, least] = [step, followed];
    else if (step - kept >= patience) break;
  }
  return { binned, trees: trees.slice(0, kept), base, isLogOdds: true, history };
}

/** Lets the event loop have a turn wherever the tree stops for one, and after it. */
async function grown(
  growing: Generator<undefined, Tree>,
  signal: AbortSignal | undefined,
): Promise<Tree> {
  for (;;) {
    const { done, value } = growing.next();
    await nextTurn();
    signal?.throwIfAborted();
    if (done === true) return value;
  }
}

/** Probability of a row. */
export function probabilityOf(
  { binned, trees, base, isLogOdds }: FittedTrees,
  row: number,
): number {
  const sum = trees.reduce((total, tree) => total + leafOf(tree, binned, row), base);
  return isLogOdds ? sigmoid(sum) : sum;
}

/** The rows that were drawn. */
function where(drawn: Uint32Array): Uint32Array {
  return Uint32Array.from(drawn.keys()).filter((row) => (drawn[row] ?? 0) > 0);
}

function baseOf({ learned, labels, weights }: TrainingRows): number {
  let [positive, all] = [0, 0];
  for (let row = 0; row < learned; row += 1) {
    all += weights[row] ?? 0;
    if (labels[row] === 1) positive += weights[row] ?? 0;
  }
  return Math.log(positive / (all - positive));
}

function losses(odds: Float64Array, { rows, learned, labels, weights }: TrainingRows) {
  const mean = (from: number, to: number): number => {
    let [sum, weight] = [0, 0];
    for (let row = from; row < to; row += 1) {
      const z = odds[row] ?? 0;
      const own = weights[row] ?? 0;
      sum += own * (Math.max(z, 0) - z * (labels[row] ?? 0) + Math.log1p(Math.exp(-Math.abs(z))));
      weight += own;
    }
    return sum / weight;
  };
  const loss = mean(0, learned);
  return learned < rows ? { loss, validationLoss: mean(learned, rows) } : { loss };
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
