import type { QueryEngine, TrainingBatch } from "@ecap/sdk";

const rowsOfBatch = 10_000;

/** Column of the training set with what became known of a payment: 1 for fraud. */
export const labelColumn = "fraud";

export interface TrainingPeriod {
  readonly tenant: string;
  /** Epoch milliseconds of the payments, `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

/**
 * Payments of a period in the order they were decided on, with the features that the decision saw and what has become known since; what nothing became known of counts as
 * honest, so a period should have ended before its last labels came.
 */
export async function* trainingData(
  engine: QueryEngine,
  features: readonly string[],
  { signal, ...period }: TrainingPeriod & { readonly signal: AbortSignal },
): AsyncGenerator<TrainingBatch> {
  // Loaded here, for the query builder takes longer to load than all else of the plugin.
  const { recordedDecisions } = await import("../rules/backtest/recorded-decisions.ts");
  let columns = emptyColumns(features);
  let rows = 0;
  const batch = (): TrainingBatch => ({
    rows,
    columns: Object.fromEntries(
      [...columns].map(([name, values]) => [name, values.slice(0, rows)]),
    ),
  });
  for await (const row of recordedDecisions(engine, { ...period, signal }).rows) {
    for (const [name, values] of columns) {
      const value = row.features?.[name];
      values[rows] = typeof value === "number" ? value : Number.NaN;
    }
    const label = columns.get(labelColumn);
    if (label) label[rows] = row.fraud === true ? 1 : 0;
    rows += 1;
    if (rows < rowsOfBatch) continue;
    yield batch();
    columns = emptyColumns(features);
    rows = 0;
  }
  if (rows > 0) yield batch();
}

function emptyColumns(features: readonly string[]): Map<string, Float64Array> {
  return new Map([...features, labelColumn].map((name) => [name, new Float64Array(rowsOfBatch)]));
}
