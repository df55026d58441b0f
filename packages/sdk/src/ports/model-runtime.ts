export interface ModelTensor {
  readonly name: string;
  readonly type: "float32" | "float64" | "int32" | "int64" | "bool" | "string";
  /** Sizes; a name where the size is free, as in a batch. */
  readonly shape: ReadonlyArray<number | string>;
}

export interface ModelDescription {
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** `metadata_props` of the ONNX file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  /** Class labels in the order of the probability columns, for a classifier that names them. */
  readonly labels: ReadonlyArray<string | number> | undefined;
}

export interface LoadOptions {
  /** What a NaN or missing feature becomes: an error (default), or passed to a model that handles it. */
  readonly missing?: "error" | "pass";
}

/** One output row: the label where the model gives one, and its scores (class probabilities, or the regression value). */
export interface ModelScore {
  readonly label: string | number | undefined;
  readonly scores: readonly number[];
}

/** What each feature added to a score, exactly: Shapley values of a row against background rows. */
export interface ExactContributions {
  readonly method: "linear" | "trees";
  /** What they add up in: the score itself, or `log(score / (1 − score))`. */
  readonly space: "score" | "log-odds";
  /** Mean of the background rows; with all contributions it is what the row has. */
  readonly base: number;
  /** In the order of the features. */
  readonly contributions: readonly number[];
}

export interface LoadedModel {
  readonly description: ModelDescription;
  /** Milliseconds that one row took when the model was tried; absent where it could not be tried. */
  readonly rowMs?: number;
  /** True of one that scores in a thread of its own: it is late by itself, while one on the calling thread is late where that thread was busy. */
  readonly apart?: boolean;
  /** Scores one row of features in the model's order: on the calling thread where that is fast, else elsewhere, so that it is never held. */
  score(features: readonly number[]): Promise<ModelScore>;
  /** Scores many rows without blocking the event loop; results in the order of `rows`. */
  scoreBatch(rows: ReadonlyArray<readonly number[]>): Promise<readonly ModelScore[]>;
  /** Exact contributions to one column of the scores, where the graph allows; undefined where it does not. Takes up to some hundred milliseconds of the calling thread. */
  explain?(question: {
    readonly row: readonly number[];
    readonly background: ReadonlyArray<readonly number[]>;
    readonly column: number;
  }): ExactContributions | undefined;
  close(): Promise<void>;
}

/** Runs ONNX models. Bytes that are no usable model are ECAP_MODEL_INVALID; features that do not fit are ECAP_MODEL_INPUT. */
export interface ModelRuntime {
  load(bytes: Uint8Array, options?: LoadOptions): Promise<LoadedModel>;
}
