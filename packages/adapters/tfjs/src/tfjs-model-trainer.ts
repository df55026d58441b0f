import { setImmediate as nextTurn } from "node:timers/promises";
import {
  EcapError,
  type ModelTrainer,
  type NetworkAlgorithm,
  type TrainingProgress,
  type TrainingReport,
  type TrainOptions,
} from "@ecap/sdk";
import { sampleRows, type TrainingSample, trainedContract } from "@ecap/sdk/models";
import {
  createShuffle,
  evaluationOf,
  readTrainingRows,
  type TrainingRows,
  untrainable,
} from "@ecap/sdk/training";
import { loadTensorFlow } from "./load-tensorflow.ts";
import { createNetwork, type LayerWeights, type Network, type Rows } from "./network.ts";
import { networkToOnnx } from "./network-onnx.ts";
import { measureScaling, scale } from "./scaling.ts";

export interface TfjsModelTrainerOptions {
  /** Bytes that the rows may take in memory; more is ECAP_TRAINING_DATA. Default 2 GiB. */
  readonly maxBytes?: number;
}

/** Rows that are scored in one call without learning. */
const scoredRows = 16_384;

/**
 * Trains logistic regressions and networks of dense layers on TensorFlow.js, in WebAssembly or, where `@tensorflow/tfjs-node` is installed, natively.
 * It works on the calling thread and gives the event loop a turn after every step of a few milliseconds.
 */
export function tfjsModelTrainer({
  maxBytes = 2 * 1024 ** 3,
}: TfjsModelTrainerOptions = {}): ModelTrainer {
  return {
    algorithms: ["network"],
    async train(batches, spec, options = {}) {
      const begun = performance.now();
      const { algorithm, seed = 1 } = spec;
      if (algorithm.kind !== "network")
        throw new EcapError("ECAP_TRAINING_DATA", `TensorFlow.js trains no "${algorithm.kind}"`);
      const rows = await readTrainingRows(batches, spec, maxBytes);
      const sample = sampleRows(rows);
      const scaling = measureScaling(rows);
      scale(rows, scaling);
      const network = createNetwork(await loadTensorFlow(), {
        width: rows.width,
        hidden: algorithm.hidden,
        learningRate: algorithm.learningRate ?? 0.003,
        l2: algorithm.l2 ?? 1e-4,
        dropout: algorithm.dropout ?? 0,
        seed,
      });
      try {
        const { layers, ...report } = await fit(network, { rows, algorithm, seed, ...options });
        const scores = await sampleScores(network, rows, sample);
        const contract = trainedContract(spec, rows, { sample, scores });
        return {
          bytes: await networkToOnnx(layers, scaling, contract),
          report: {
            rows: rows.rows,
            positives: rows.positives,
            validationRows: rows.rows - rows.learned,
            ...report,
            durationMs: performance.now() - begun,
          },
        };
      } finally {
        network.dispose();
      }
    },
  };
}

interface Fitting extends TrainOptions {
  readonly rows: TrainingRows;
  readonly algorithm: NetworkAlgorithm;
  readonly seed: number;
}

type Fitted = Pick<TrainingReport, "steps" | "history" | "validation"> & {
  readonly layers: readonly LayerWeights[];
};

/** Passes over the rows until the validation loss gets no better; the weights of the best pass. */
async function fit(network: Network, fitting: Fitting): Promise<Fitted> {
  const { rows, algorithm, seed, signal, onProgress } = fitting;
  const { epochs = 50, patience = 5 } = algorithm;
  const hasValidation = rows.learned < rows.rows;
  const shuffle = createShuffle(rows.learned, seed);
  const history: TrainingProgress[] = [];
  let layers = await network.weights();
  let steps = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let step = 1; step <= epochs; step += 1) {
    const loss = await learnAll(network, shuffle(), fitting);
    const validationLoss = hasValidation ? await validate(network, fitting) : undefined;
    const followed = validationLoss ?? loss;
    if (!Number.isFinite(followed))
      throw untrainable("the loss has no end: a smaller `learningRate` may help");
    const progress = {
      step,
      steps: epochs,
      loss,
      ...(validationLoss !== undefined && { validationLoss }),
    };
    history.push(progress);
    onProgress?.(progress);
    signal?.throwIfAborted();
    if (followed < least || !hasValidation) {
      least = followed;
      steps = step;
      layers = await network.weights();
    } else if (step - steps >= patience) break;
  }
  network.restore(layers);
  const validation = hasValidation ? await judge(network, fitting) : undefined;
  return { layers, steps, history, ...(validation && { validation }) };
}

/** Probabilities of the sample's rows, by the kept weights. */
async function sampleScores(
  network: Network,
  rows: TrainingRows,
  sample: TrainingSample,
): Promise<readonly number[]> {
  const { features } = pick(rows, Uint32Array.from(sample.rows));
  return Array.from(await network.predict(features), (z) => 1 / (1 + Math.exp(-z)));
}

/** One pass; the mean loss of its steps. */
async function learnAll(
  network: Network,
  order: Uint32Array,
  { rows, algorithm, signal }: Fitting,
): Promise<number> {
  const { batchRows = 1_024 } = algorithm;
  let [sum, steps] = [0, 0];
  for (let from = 0; from < order.length; from += batchRows) {
    sum += await network.learn(pick(rows, order.subarray(from, from + batchRows)));
    steps += 1;
    await nextTurn();
    signal?.throwIfAborted();
  }
  return sum / steps;
}

async function validate(network: Network, { rows }: Fitting): Promise<number> {
  let [sum, weight] = [0, 0];
  for (const part of validationParts(rows)) {
    const own = part.weights.reduce((total, each) => total + each, 0);
    sum += (await network.loss(part)) * own;
    weight += own;
    await nextTurn();
  }
  return sum / weight;
}

async function judge(network: Network, { rows }: Fitting) {
  const cases: Array<{ score: number; positive: boolean }> = [];
  for (const part of validationParts(rows)) {
    const scores = await network.predict(part.features);
    scores.forEach((score, i) => cases.push({ score, positive: part.labels[i] === 1 }));
    await nextTurn();
  }
  return evaluationOf(cases, rows.segments);
}

function* validationParts(rows: TrainingRows): Generator<Rows> {
  const { features, labels, weights, width } = rows;
  for (let start = rows.learned; start < rows.rows; start += scoredRows) {
    const end = Math.min(start + scoredRows, rows.rows);
    yield {
      features: features.subarray(start * width, end * width),
      labels: Float32Array.from(labels.subarray(start, end)),
      weights: weights.subarray(start, end),
    };
  }
}

function pick({ features, labels, weights, width }: TrainingRows, order: Uint32Array): Rows {
  const picked = {
    features: new Float32Array(order.length * width),
    labels: new Float32Array(order.length),
    weights: new Float32Array(order.length),
  };
  order.forEach((row, i) => {
    picked.features.set(features.subarray(row * width, (row + 1) * width), i * width);
    picked.labels[i] = labels[row] ?? 0;
    picked.weights[i] = weights[row] ?? 0;
  });
  return picked;
}
