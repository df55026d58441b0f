import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { tfjsModelTrainer } from "@ecap/adapter-tfjs";
import { treesModelTrainer } from "@ecap/adapter-trees";
import { type HandbookRow, handbookFeatureNames } from "@ecap/plugin-fraud/handbook";
import type { TrainingAlgorithm, TrainingBatch } from "@ecap/sdk";
import { areaUnderCurve, averagePrecision, cardPrecisionAt, oneTrainer } from "@ecap/sdk/training";

const trainer = oneTrainer(tfjsModelTrainer(), treesModelTrainer());

/** What is trained in the platform, each with the settings to choose from on earlier weeks. */
export const kinds = {
  logistic: [
    { kind: "network", hidden: [], epochs: 20, learningRate: 0.02 },
    { kind: "network", hidden: [], epochs: 40, learningRate: 0.01 },
  ],
  network: [
    { kind: "network", hidden: [64, 32], epochs: 15, dropout: 0.2, learningRate: 0.002 },
    { kind: "network", hidden: [64, 32], epochs: 30, dropout: 0.2, learningRate: 0.002 },
  ],
  forest: [
    { kind: "forest", trees: 100, leafWeight: 1, features: 4 },
    { kind: "forest", trees: 100, leafWeight: 4, features: 4 },
  ],
  boosted: [
    { kind: "boosted", trees: 100, depth: 4, l2: 5, features: 5 },
    {
      kind: "boosted",
      trees: 150,
      depth: 5,
      l2: 5,
      features: 4,
      learningRate: 0.05,
      rowShare: 0.7,
    },
  ],
} as const satisfies Record<string, readonly TrainingAlgorithm[]>;

export type Kind = keyof typeof kinds;

/** Trains on all the rows: how long to train is one of the settings, for a week has too few frauds to give some of them away. */
export async function trainModel(
  algorithm: TrainingAlgorithm,
  rows: readonly HandbookRow[],
  seed: number,
): Promise<Uint8Array> {
  const { bytes } = await trainer.train([batchOf(rows)], {
    name: "handbook",
    version: String(seed),
    features: handbookFeatureNames,
    label: "fraud",
    algorithm,
    validationShare: 0,
    seed,
  });
  return bytes;
}

/** Scores of an ONNX model, as it would be served. */
export async function scoresOf(
  bytes: Uint8Array,
  rows: readonly HandbookRow[],
): Promise<readonly number[]> {
  const model = await onnxModelRuntime().load(bytes, { missing: "pass" });
  try {
    const scored = await model.scoreBatch(rows.map(({ features }) => features));
    return scored.map(({ scores }) => scores.at(-1) ?? Number.NaN);
  } finally {
    await model.close();
  }
}

export interface Figures {
  readonly auc: number;
  readonly averagePrecision: number;
  readonly cardPrecision: number;
}

export function figuresOf(scores: readonly number[], rows: readonly HandbookRow[]): Figures {
  const cases = rows.map(({ fraud, customerId, day }, i) => ({
    score: scores[i] ?? 0,
    positive: fraud === 1,
    card: customerId,
    day,
  }));
  return {
    auc: areaUnderCurve(cases),
    averagePrecision: averagePrecision(cases),
    cardPrecision: cardPrecisionAt(100, cases),
  };
}

function batchOf(rows: readonly HandbookRow[]): TrainingBatch {
  const features = handbookFeatureNames.map((name, at) => [
    name,
    Float32Array.from(rows, (row) => row.features[at] ?? Number.NaN),
  ]);
  const fraud = Uint8Array.from(rows, (row) => row.fraud);
  return { rows: rows.length, columns: { ...Object.fromEntries(features), fraud } };
}
