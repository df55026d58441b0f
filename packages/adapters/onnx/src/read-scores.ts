import type { ModelScore } from "@ecap/sdk";
import { invalid, type ModelFile } from "./model-file.ts";

/** An output tensor as onnxruntime gives it. */
export interface OutputTensor {
  readonly data: ArrayLike<number | bigint | string>;
  readonly dims: readonly number[];
}

/** The rows' labels and scores; 64-bit integers become numbers. */
export function readScores(
  outputs: Readonly<Record<string, OutputTensor>>,
  rows: number,
  { labelOutput, scoreOutputs, description }: ModelFile,
): ModelScore[] {
  const labels = labelOutput === undefined ? undefined : outputs[labelOutput]?.data;
  const columns = scoreOutputs.flatMap((name) => outputs[name] ?? []);
  const widths = columns.map(({ data }) => data.length / rows);
  if (!widths.every(Number.isInteger))
    throw invalid(
      `it gave ${columns.map(({ data }) => data.length).join(" and ")} values for ${rows} rows`,
    );
  return Array.from({ length: rows }, (_, row) => {
    const scores: number[] = [];
    for (const [i, { data }] of columns.entries()) {
      const width = widths[i] ?? 0;
      for (let column = 0; column < width; column += 1)
        scores.push(Number(data[row * width + column]));
    }
    return { label: labelOf(labels?.[row]) ?? likeliest(scores, description.labels), scores };
  });
}

function labelOf(value: number | bigint | string | undefined): string | number | undefined {
  return typeof value === "bigint" ? Number(value) : value;
}

function likeliest(
  scores: readonly number[],
  labels: ReadonlyArray<string | number> | undefined,
): string | number | undefined {
  if (labels === undefined || labels.length !== scores.length) return undefined;
  return labels[scores.indexOf(Math.max(...scores))];
}
