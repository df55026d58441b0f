import type { Evaluation } from "../training/evaluation.ts";

/** Rows to learn from, as columns: typed arrays, or what an Arrow vector's `toArray()` gives. NaN is a missing value. */
export interface TrainingBatch {
  readonly rows: number;
  readonly columns: Readonly<Record<string, ArrayLike<number>>>;
}

/** A network of dense layers with ReLU between them, learned by Adam (Kingma and Ba, 2015). */
export interface NetworkAlgorithm {
  readonly kind: "network";
  /** Neurons of each hidden layer; none is a logistic regression. */
  readonly hidden: readonly number[];
  /** Most passes over the rows. Default 50. */
  readonly epochs?: number;
  /** Passes without a better validation loss before training stops. Default 5. */
  readonly patience?: number;
  /** Default 1,024. */
  readonly batchRows?: number;
  /** Default 0.003. */
  readonly learningRate?: number;
  /** Weight of the squared coefficients in the loss. Default 0.0001. */
  readonly l2?: number;
  /** Share of each hidden layer's neurons that are silent in a training step (Srivastava et al., 2014). Default 0. */
  readonly dropout?: number;
}

/** The mean of trees that each learn from a sample of the rows, with a choice of few features at each branch (Breiman, 2001). */
export interface ForestAlgorithm {
  readonly kind: "forest";
  /** Default 100. */
  readonly trees?: number;
  /** Most branches from root to leaf. Default 30. */
  readonly depth?: number;
  /** Least weight of the rows of a leaf. Default 1. */
  readonly leafWeight?: number;
  /** Features looked at for each branch. Default: the root of their number. */
  readonly features?: number;
}

/** Trees that each mend what those before them got wrong, by the logistic loss (Friedman, 2001; second-order leaves as by Chen and Guestrin, 2016). */
export interface BoostedAlgorithm {
  readonly kind: "boosted";
  /** Most trees. Default 200. */
  readonly trees?: number;
  /** Trees without a better validation loss before training stops. Default 20. */
  readonly patience?: number;
  /** Most branches from root to leaf. Default 4. */
  readonly depth?: number;
  /** Least weight of the rows of a leaf, by their curvature in the loss. Default 1. */
  readonly leafWeight?: number;
  /** Default 0.1. */
  readonly learningRate?: number;
  /** Added to the curvature of a leaf, so that few rows do not speak loudly. Default 1. */
  readonly l2?: number;
  /** Share of the rows each tree learns from. Default 1. */
  readonly rowShare?: number;
  /** Features looked at for each branch. Default: all. */
  readonly features?: number;
}

export type TrainingAlgorithm = NetworkAlgorithm | ForestAlgorithm | BoostedAlgorithm;

export interface TrainingSpec {
  readonly name: string;
  readonly version: string;
  readonly algorithm: TrainingAlgorithm;
  /** Columns the model takes, in its order. */
  readonly features: readonly string[];
  /** Column of 0 and 1. */
  readonly label: string;
  /** Column with a weight for each row. Default: every row counts the same. */
  readonly weight?: string;
  /** "balanced" makes both classes weigh the same as a whole. Default "none". */
  readonly classWeights?:
    | "none"
    | "balanced"
    | { readonly negative: number; readonly positive: number };
  /** Share of the rows, the last to arrive, by which training is stopped early and judged, and which it does not learn from. Default 0.2. */
  readonly validationShare?: number;
  /** Column by which the validation rows are told apart in the report, in bands of its values. Default: none. */
  readonly segment?: string;
  /** Equal seeds and rows give equal models. Default 1. */
  readonly seed?: number;
  /** Of the rows, dates or instants of ISO 8601; stands in the model's contract. */
  readonly period?: { readonly from: string; readonly to: string };
  /** Version of the definitions the features were made by; stands in the model's contract. */
  readonly featuresVersion?: string;
}

export interface TrainingProgress {
  /** Passes over the rows, or trees. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of the rows learned from, where the algorithm follows one. */
  readonly loss?: number;
  readonly validationLoss?: number;
}

export interface TrainingReport {
  readonly rows: number;
  readonly positives: number;
  readonly validationRows: number;
  /** Passes or trees that the kept model has. */
  readonly steps: number;
  readonly history: readonly TrainingProgress[];
  /** Of the validation rows, by the kept model; absent without such rows. */
  readonly validation?: Evaluation;
  /** Of an ensemble: what each member alone did on the same rows. */
  readonly members?: ReadonlyArray<Evaluation & { readonly model: string }>;
  readonly durationMs: number;
}

export interface TrainedModel {
  /** An ONNX file with its contract in `metadata_props`: features as one float32 matrix in, `label` and `probabilities` out. */
  readonly bytes: Uint8Array;
  readonly report: TrainingReport;
}

export interface TrainOptions {
  readonly signal?: AbortSignal;
  /** After every step. */
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/**
 * Learns a binary classifier. Rows are in order of arrival, so that validation is on later rows than training. Scaling and the treatment of missing
 * values are part of the model's graph: it takes features as they are.
 *
 * Rows of one class only, labels other than 0 and 1, infinite values and columns that are not there are ECAP_TRAINING_DATA.
 */
export interface ModelTrainer {
  readonly algorithms: ReadonlyArray<TrainingAlgorithm["kind"]>;
  train(
    batches: Iterable<TrainingBatch> | AsyncIterable<TrainingBatch>,
    spec: TrainingSpec,
    options?: TrainOptions,
  ): Promise<TrainedModel>;
}
