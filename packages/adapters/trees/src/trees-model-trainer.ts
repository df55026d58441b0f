import { EcapError, type ModelTrainer } from "@ecap/sdk";
import {
  areaUnderCurve,
  averagePrecision,
  readTrainingRows,
  type TrainingRows,
} from "@ecap/sdk/training";
import { type FittedTrees, type Fitting, fitBoosted, fitForest } from "./fit.ts";
import { treesToOnnx } from "./trees-onnx.ts";

export interface TreesModelTrainerOptions {
  /** Bytes that the rows may take in memory; more is ECAP_TRAINING_DATA. Default 2 GiB. */
  readonly maxBytes?: number;
}

/** Trains random forests and boosted trees on the calling thread, with a turn of the event loop every few milliseconds. */
export function treesModelTrainer({
  maxBytes = 2 * 1024 ** 3,
}: TreesModelTrainerOptions = {}): ModelTrainer {
  return {
    algorithms: ["forest", "boosted"],
    async train(batches, spec, options = {}) {
      const begun = performance.now();
      const rows = await readTrainingRows(batches, spec, maxBytes);
      const fitted = await fit({ rows, spec, ...options });
      const validation = judge(rows, fitted.validation);
      return {
        bytes: await treesToOnnx(fitted, spec),
        report: {
          rows: rows.rows,
          positives: rows.positives,
          validationRows: rows.rows - rows.learned,
          steps: fitted.trees.length,
          history: fitted.history,
          ...(validation && { validation }),
          durationMs: performance.now() - begun,
        },
      };
    },
  };
}

function fit(fitting: Fitting): Promise<FittedTrees> {
  const { algorithm } = fitting.spec;
  if (algorithm.kind === "forest") return fitForest(fitting, algorithm);
  if (algorithm.kind === "boosted") return fitBoosted(fitting, algorithm);
  throw new EcapError("ECAP_TRAINING_DATA", `a "${algorithm.kind}" has no trees`);
}

function judge({ learned, labels }: TrainingRows, probabilities: Float64Array) {
  if (probabilities.length === 0) return undefined;
  const cases = Array.from(probabilities, (score, i) => ({
    score,
    positive: labels[learned + i] === 1,
  }));
  return { auc: areaUnderCurve(cases), averagePrecision: averagePrecision(cases) };
}
