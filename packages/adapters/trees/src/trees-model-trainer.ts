import { EcapError, type ModelTrainer } from "@ecap/sdk";
import { sampleRows, trainedContract } from "@ecap/sdk/models";
import { evaluationOf, readTrainingRows, type TrainingRows } from "@ecap/sdk/training";
import { type FittedTrees, type Fitting, fitBoosted, fitForest, probabilityOf } from "./fit.ts";
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
      const sample = sampleRows(rows);
      const scores = sample.rows.map((row) => probabilityOf(fitted, row));
      const validation = judge(rows, fitted);
      return {
        bytes: await treesToOnnx(fitted, trainedContract(spec, rows, { sample, scores })),
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

function judge({ rows, learned, labels, segments }: TrainingRows, fitted: FittedTrees) {
  if (learned === rows) return undefined;
  const cases = Array.from({ length: rows - learned }, (_, i) => ({
    score: probabilityOf(fitted, learned + i),
    positive: labels[learned + i] === 1,
  }));
  return evaluationOf(cases, segments);
}
