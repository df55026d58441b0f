import { type Arrival, defineFeatures, type WindowFeature } from "@ecap/sdk/features";
import type { HandbookTransaction } from "./handbook-transaction.ts";

/** A payment, which knows everything but whether it is fraud; or its label, which comes later and knows where. */
export interface HandbookSubject {
  readonly terminalId: string;
  readonly customerId?: string;
  readonly amount?: number;
  readonly fraud?: number;
}

const dayMs = 86_400_000;
/** How long it takes until a payment's label is known. */
export const labelDelayMs = 7 * dayMs;

// The published values are of exact windows.
const exact = { bucketMs: 1 } as const;
const ofCustomer = {
  ...exact,
  entity: "customer",
  key: ({ customerId }: HandbookSubject) => customerId,
  value: ({ amount }: HandbookSubject) => amount,
  series: "payments",
} as const;
const ofTerminal = {
  ...exact,
  entity: "terminal",
  key: ({ terminalId }: HandbookSubject) => terminalId,
  delayMs: labelDelayMs,
} as const;

type Own = WindowFeature<HandbookSubject>;

const overDays = (make: (windowMs: number, days: number) => Own): Own[] =>
  [1, 7, 30].map((days) => make(days * dayMs, days));

/**
 * The fifteen features of the Fraud Detection Handbook, chapter 3: the payment's own, how often and for how much the customer pays, and how often and
 * with how many frauds the terminal was used until a week before.
 *
 * @see https://fraud-detection-handbook.github.io/fraud-detection-handbook/Chapter_3_GettingStarted/BaselineFeatureTransformation.html
 */
export const handbookFeatures = defineFeatures<HandbookSubject>("handbook", [
  { name: "amount", derive: (_, { subject }) => subject.amount },
  {
    name: "during_weekend",
    derive: (_, { at }) => ([0, 6].includes(new Date(at).getUTCDay()) ? 1 : 0),
  },
  { name: "during_night", derive: (_, { at }) => (new Date(at).getUTCHours() <= 6 ? 1 : 0) },
  ...overDays((windowMs, days) => ({
    ...ofCustomer,
    name: `customer_count_${days}d`,
    aggregate: "count",
    windowMs,
  })),
  ...overDays((windowMs, days) => ({
    ...ofCustomer,
    name: `customer_mean_${days}d`,
    aggregate: "mean",
    windowMs,
  })),
  ...overDays((windowMs, days) => ({
    ...ofTerminal,
    name: `terminal_count_${days}d`,
    aggregate: "count",
    windowMs,
    value: amountOf,
    series: "payments",
  })),
  ...overDays((windowMs, days) => ({
    ...ofTerminal,
    name: `terminal_fraud_${days}d`,
    aggregate: "mean",
    windowMs,
    value: fraudOf,
    series: "labels",
  })),
]);

function amountOf({ amount }: HandbookSubject): number | undefined {
  return amount;
}

function fraudOf({ fraud }: HandbookSubject): number | undefined {
  return fraud;
}

/** Payments and, each a week after its payment, labels, in order of arrival; what is known at one instant comes before what happens at it. */
export async function* handbookArrivals(
  transactions: AsyncIterable<HandbookTransaction>,
): AsyncGenerator<{
  readonly arrival: Arrival<HandbookSubject>;
  /** Absent where it is a label that arrives. */
  readonly transaction?: HandbookTransaction;
}> {
  let waiting: HandbookTransaction[] = [];
  let next = 0;
  for await (const transaction of transactions) {
    const { id, time, terminalId, customerId, amount } = transaction;
    for (;;) {
      const due = waiting[next];
      if (due === undefined || due.time + labelDelayMs > time) break;
      next += 1;
      yield { arrival: labelOf(due) };
    }
    if (next > 10_000) {
      waiting = waiting.slice(next);
      next = 0;
    }
    const subject = { terminalId, customerId, amount };
    yield {
      arrival: { tenant: "handbook", id, at: time, arrivedAt: time, subject },
      transaction,
    };
    waiting.push(transaction);
  }
}

function labelOf({ id, time, terminalId, fraud }: HandbookTransaction): Arrival<HandbookSubject> {
  return {
    tenant: "handbook",
    id: `label/${id}`,
    at: time,
    arrivedAt: time + labelDelayMs,
    subject: { terminalId, fraud },
  };
}
