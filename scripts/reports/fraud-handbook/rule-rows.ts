import { type BacktestRow, type FieldSet, fieldSet } from "@ecap/plugin-fraud";
import {
  type HandbookRow,
  type HandbookTransaction,
  handbookFeatureNames,
  handbookFeatures,
} from "@ecap/plugin-fraud/handbook";

/** A payment of the handbook, as rules see it. */
export interface HandbookPayment {
  readonly transaction: HandbookTransaction;
  readonly features: Readonly<Record<string, number>>;
  readonly decidedAt: number;
  readonly modelScore?: number | undefined;
}

/** What rules can ask of the handbook's payments: its fifteen features, who paid where, and a model's score. */
export const handbookFields: FieldSet<HandbookPayment> = fieldSet<HandbookPayment>(
  { name: "payment.time", type: "time", read: ({ transaction }) => transaction.time },
  [
    { name: "payment.id", type: "text", read: ({ transaction }) => transaction.id },
    { name: "customer.id", type: "text", read: ({ transaction }) => transaction.customerId },
    { name: "terminal.id", type: "text", read: ({ transaction }) => transaction.terminalId },
    { name: "model.score", type: "number", read: ({ modelScore }) => modelScore },
  ],
  handbookFeatures.features,
);

/** A payment as a backtest takes it. */
export function backtestRow(payment: HandbookPayment): BacktestRow {
  const { id, amount, fraud } = payment.transaction;
  return { id, amount, fraud: fraud === 1, facts: handbookFields.factsOf(payment) };
}

/** Payments as a backtest takes them, with what a model says of each where one is asked. */
export function backtestRows(
  rows: readonly HandbookRow[],
  scores?: readonly number[],
): readonly BacktestRow[] {
  return rows.map((row, i) => {
    const named = handbookFeatureNames.map((name, at) => [name, row.features[at] ?? 0] as const);
    const features = Object.fromEntries(named);
    return backtestRow({
      transaction: row,
      features,
      decidedAt: row.time,
      modelScore: scores?.[i],
    });
  });
}
