import { EcapError } from "../errors/ecap-error.ts";
import type { TrainingBatch, TrainingSpec } from "../ports/model-trainer.ts";
import { type Segments, segmentsOf } from "./segments.ts";

/** The rows in memory, one after the other as the model will see them. */
export interface TrainingRows {
  readonly rows: number;
  /** The first so many are to learn from, the rest for validation. */
  readonly learned: number;
  readonly width: number;
  /** `rows × width`; NaN is missing. */
  readonly features: Float32Array;
  readonly labels: Uint8Array;
  /** Of rows and classes. */
  readonly weights: Float32Array;
  readonly positives: number;
  /** Of the rows for validation, where the specification names a column to tell them by. */
  readonly segments: Segments | undefined;
}

/** Reads all batches into one matrix and checks them; more than `maxBytes` of it is ECAP_TRAINING_DATA. */
export async function readTrainingRows(
  batches: Iterable<TrainingBatch> | AsyncIterable<TrainingBatch>,
  spec: TrainingSpec,
  maxBytes: number,
): Promise<TrainingRows> {
  const width = spec.features.length;
  if (width === 0) throw untrainable("the specification names no features");
  const parts: Array<Pick<TrainingRows, "features" | "labels" | "weights">> = [];
  const told: number[] = [];
  let rows = 0;
  for await (const batch of batches) {
    parts.push(readBatch(batch, spec, rows));
    if (spec.segment !== undefined) tellSegments(told, batch, spec.segment);
    rows += batch.rows;
    const bytes = rows * (width * 4 + 5);
    if (bytes > maxBytes)
      throw untrainable(`${rows} rows of ${width} features and more are past ${maxBytes} bytes`);
  }
  const all = {
    features: new Float32Array(rows * width),
    labels: new Uint8Array(rows),
    weights: new Float32Array(rows),
  };
  let row = 0;
  for (const { features, labels, weights } of parts) {
    all.features.set(features, row * width);
    all.labels.set(labels, row);
    all.weights.set(weights, row);
    row += labels.length;
  }
  const learned = Math.round(rows * (1 - (spec.validationShare ?? 0.2)));
  checkClasses(all.labels, learned);
  weighClasses(all, learned, spec);
  const segments =
    spec.segment === undefined ? undefined : segmentsOf(spec.segment, told.slice(learned));
  return { rows, learned, width, ...all, positives: count(all.labels), segments };
}

function tellSegments(told: number[], { rows, columns }: TrainingBatch, name: string): void {
  const values = columns[name];
  if (values === undefined) throw untrainable(`there is no column "${name}"`);
  for (let row = 0; row < rows; row += 1) told.push(values[row] ?? Number.NaN);
}

function readBatch({ rows, columns }: TrainingBatch, spec: TrainingSpec, before: number) {
  const column = (name: string): ArrayLike<number> => {
    const found = columns[name];
    if (found === undefined) throw untrainable(`there is no column "${name}"`);
    if (found.length < rows)
      throw untrainable(`the column "${name}" has ${found.length} of ${rows} rows`);
    return found;
  };
  const refuse = (row: number, name: string, value: unknown): never => {
    throw untrainable(`row ${before + row}, column "${name}": ${String(value)} is no use here`);
  };
  const width = spec.features.length;
  const features = new Float32Array(rows * width);
  spec.features.forEach((name, at) => {
    const values = column(name);
    for (let row = 0; row < rows; row += 1) {
      const value = values[row] ?? Number.NaN;
      // What is no number is missing; what has no end would poison every weight.
      if (Math.abs(value) > largest) refuse(row, name, values[row]);
      features[row * width + at] = value;
    }
  });
  const labels = new Uint8Array(rows);
  const given = column(spec.label);
  for (let row = 0; row < rows; row += 1) {
    const label = Number(given[row]);
    if (label !== 0 && label !== 1) refuse(row, spec.label, given[row]);
    labels[row] = label;
  }
  const weights = new Float32Array(rows).fill(1);
  if (spec.weight !== undefined) {
    const own = column(spec.weight);
    for (let row = 0; row < rows; row += 1) {
      const weight = Number(own[row]);
      if (!(weight >= 0 && weight <= largest)) refuse(row, spec.weight, own[row]);
      weights[row] = weight;
    }
  }
  return { features, labels, weights };
}

/** Largest number that a float32 holds. */
const largest = 3.4028234663852886e38;

export function untrainable(why: string): EcapError {
  return new EcapError("ECAP_TRAINING_DATA", `the model cannot be trained: ${why}`);
}

function checkClasses(labels: Uint8Array, learned: number): void {
  const parts = [
    ["to learn from", labels.subarray(0, learned)],
    ["for validation", labels.subarray(learned)],
  ] as const;
  for (const [what, own] of parts) {
    const positives = count(own);
    const isNoValidation = own.length === 0 && learned > 0;
    if (isNoValidation || (positives > 0 && positives < own.length)) continue;
    throw untrainable(
      `of the ${own.length} rows ${what} ${positives} are positive, and both classes are wanted`,
    );
  }
}

function weighClasses(
  { labels, weights }: Pick<TrainingRows, "labels" | "weights">,
  learned: number,
  { classWeights = "none" }: TrainingSpec,
): void {
  if (classWeights === "none") return;
  const positives = count(labels.subarray(0, learned));
  const { negative, positive } =
    classWeights === "balanced"
      ? { negative: learned / (2 * (learned - positives)), positive: learned / (2 * positives) }
      : classWeights;
  labels.forEach((label, row) => {
    weights[row] = (weights[row] ?? 0) * (label === 1 ? positive : negative);
  });
}

function count(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0);
}
