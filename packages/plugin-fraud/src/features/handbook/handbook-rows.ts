import { startReplay } from "@ecap/sdk/features";
import { handbookArrivals, handbookFeatures, labelDelayMs } from "./handbook-features.ts";
import { type HandbookTransaction, readHandbook } from "./handbook-transaction.ts";

/** What a model is trained on, or asked about. */
export interface HandbookRow extends HandbookTransaction {
  /** Days since the epoch, UTC. */
  readonly day: number;
  /** In the order of {@link handbookFeatureNames}. */
  readonly features: readonly number[];
}

export interface HandbookPeriod {
  /** Epoch milliseconds, `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

export const handbookFeatureNames: readonly string[] = handbookFeatures.features.map(
  ({ name }) => name,
);

const dayMs = 86_400_000;
/** As far back as a value of a payment can depend on others: the longest window and its delay, and the labels' own. */
const reachMs = 30 * dayMs + 2 * labelDelayMs;

/** The payments of a period with their features as of each, replayed in order of arrival from as far back as their windows reach. */
export async function* handbookRows(
  folder: string,
  { from, to }: HandbookPeriod,
): AsyncGenerator<HandbookRow> {
  const replay = startReplay(handbookFeatures);
  const transactions = readHandbook(folder, { from: from - reachMs, to });
  for await (const { arrival, transaction } of handbookArrivals(transactions)) {
    if (transaction === undefined || transaction.time < from) {
      replay.pass(arrival);
      continue;
    }
    const values = replay.add(arrival);
    yield {
      day: Math.floor(transaction.time / dayMs),
      features: handbookFeatureNames.map((name) => values[name] ?? 0),
      ...transaction,
    };
  }
}

export interface HandbookSplit {
  readonly train: readonly HandbookRow[];
  readonly test: readonly HandbookRow[];
}

/** The published split: a week to train on, a week until its labels are known, a week to test on. */
export const publishedSplit = {
  trainFrom: Date.UTC(2018, 6, 25),
  trainDays: 7,
  delayDays: 7,
  testDays: 7,
} as const;

/**
 * A week of training, a delay, and a test week, without payments of customers known to be defrauded by the day of the payment: those of the training
 * week, and those whose fraud happened `delayDays` or more before it.
 *
 * @see https://fraud-detection-handbook.github.io/fraud-detection-handbook/Chapter_3_GettingStarted/BaselineModeling.html
 */
export async function handbookSplit(
  folder: string,
  {
    trainFrom,
    trainDays,
    delayDays,
    testDays,
  }: {
    readonly trainFrom: number;
    readonly trainDays: number;
    readonly delayDays: number;
    readonly testDays: number;
  } = publishedSplit,
): Promise<HandbookSplit> {
  const firstDay = Math.floor(trainFrom / dayMs);
  const firstTestDay = firstDay + trainDays + delayDays;
  const train: HandbookRow[] = [];
  const test: HandbookRow[] = [];
  const defraudedOn = new Map<string, number>();
  const to = (firstTestDay + testDays) * dayMs;
  for await (const row of handbookRows(folder, { from: trainFrom, to })) {
    if (row.day < firstDay + trainDays) train.push(row);
    if (row.fraud === 1 && !defraudedOn.has(row.customerId))
      defraudedOn.set(row.customerId, row.day);
    if (row.day < firstTestDay) continue;
    // Of a day of the test the frauds up to `delayDays` and one day before are known.
    const since = defraudedOn.get(row.customerId);
    if (since === undefined || since > row.day - delayDays - 1) test.push(row);
  }
  return { train, test };
}
