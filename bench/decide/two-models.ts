import { tfjsModelTrainer } from "@ecap/adapter-tfjs";
import { treesModelTrainer } from "@ecap/adapter-trees";
import { steadyFeatureNames } from "@ecap/plugin-fraud";
import type { ModelTrainer, TrainingAlgorithm, TrainingBatch } from "@ecap/sdk";
import { seededRandom } from "@ecap/sdk/training";

/** A tree ensemble of 200 trees and a network of two hidden layers on the plugin's features; what they say matters to nobody here. */
export async function twoModels(): Promise<{
  readonly trees: Uint8Array;
  readonly network: Uint8Array;
}> {
  const batch = randomBatch(4_000);
  return {
    trees: await trained(treesModelTrainer(), batch, {
      kind: "boosted",
      trees: 200,
      patience: 200,
      depth: 6,
    }),
    network: await trained(tfjsModelTrainer(), batch, {
      kind: "network",
      hidden: [64, 32],
      epochs: 2,
    }),
  };
}

async function trained(
  trainer: ModelTrainer,
  batch: TrainingBatch,
  algorithm: TrainingAlgorithm,
): Promise<Uint8Array> {
  const { bytes } = await trainer.train([batch], {
    name: algorithm.kind,
    version: "1",
    algorithm,
    features: steadyFeatureNames,
    label: "label",
  });
  return bytes;
}

function randomBatch(rows: number): TrainingBatch {
  const random = seededRandom(7);
  const columns = Object.fromEntries(
    steadyFeatureNames.map((name) => [
      name,
      Float32Array.from({ length: rows }, () => random() * 100),
    ]),
  );
  const [first = new Float32Array(), second = new Float32Array()] = Object.values(columns);
  const label = Uint8Array.from(first, (value, row) => (value + (second[row] ?? 0) > 130 ? 1 : 0));
  return { rows, columns: { ...columns, label } };
}
