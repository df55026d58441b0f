import type { TrainingSpec } from "../ports/model-trainer.ts";
import type { TrainingRows } from "../training/training-rows.ts";
import { histogramOf } from "./histogram.ts";
import type { ModelContractInput } from "./model-contract.ts";

/** Some rows of the training data, as they came, spread evenly over them. */
export interface TrainingSample {
  /** Their places among the rows. */
  readonly rows: readonly number[];
  readonly inputs: ReadonlyArray<readonly number[]>;
}

const sampledRows = 2_000;
const goldenRows = 20;

/** To be taken before a trainer scales its rows. */
export function sampleRows({ rows, width, features }: TrainingRows): TrainingSample {
  const count = Math.min(rows, sampledRows);
  const places = Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  return {
    rows: places,
    inputs: places.map((row) => [...features.subarray(row * width, (row + 1) * width)]),
  };
}

/** What a trainer says of its model: histograms of the sample's features and scores, and some of its rows as golden vectors. */
export function trainedContract(
  {
    name,
    version,
    features,
    period,
    featuresVersion,
  }: Pick<TrainingSpec, "name" | "version" | "features" | "period" | "featuresVersion">,
  { rows }: Pick<TrainingRows, "rows">,
  { sample, scores }: { readonly sample: TrainingSample; readonly scores: readonly number[] },
): ModelContractInput {
  const step = Math.max(1, Math.floor(sample.rows.length / goldenRows));
  return {
    name,
    version,
    features: features.map((feature) => ({ name: feature, missing: "nan" })),
    positiveLabel: 1,
    ...(featuresVersion !== undefined && { featuresVersion }),
    ...(period && { training: { ...period, rows } }),
    histograms: {
      score: histogramOf(scores),
      features: Object.fromEntries(
        features.map((feature, column) => [
          feature,
          histogramOf(sample.inputs.map((input) => input[column] ?? Number.NaN)),
        ]),
      ),
    },
    golden: sample.inputs.flatMap((input, i) => {
      const score = scores[i];
      if (i % step !== 0 || i / step >= goldenRows || score === undefined) return [];
      return [{ input: input.map((value) => (Number.isNaN(value) ? null : value)), score }];
    }),
  };
}
