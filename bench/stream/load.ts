import { kafkaEventLog } from "@ecap/adapter-kafka";
import { cardRecord, partitions, topicsOf, transactionRecord } from "./job.ts";

const perBatch = 5_000;
/** Of event time: so that ten minutes hold three million transactions. */
const perMillisecond = 5;

/** Fills the topics of a run: a card for every key, and as many transactions. */
export async function fill(
  run: string,
  options: {
    readonly brokers: readonly string[];
    readonly cards: number;
    readonly transactions: number;
  },
): Promise<void> {
  const log = kafkaEventLog({ brokers: options.brokers });
  const topics = topicsOf(run);
  await log.createTopic(topics.cards, { partitions });
  await log.createTopic(topics.transactions, { partitions });
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 86_400_000;
  const append = async (
    topic: string,
    count: number,
    make: (i: number) => ReturnType<typeof cardRecord>,
  ) => {
    const waiting: Array<Promise<unknown>> = [];
    for (let from = 0; from < count; from += perBatch) {
      const length = Math.min(perBatch, count - from);
      waiting.push(
        log.append(
          topic,
          Array.from({ length }, (_, i) => make(from + i)),
        ),
      );
      if (waiting.length >= 4) await waiting.shift();
    }
    await Promise.all(waiting);
  };
  await append(topics.cards, options.cards, cardRecord);
  await append(topics.transactions, options.transactions, (i) =>
    transactionRecord(i, { cards: options.cards, time: start + Math.floor(i / perMillisecond) }),
  );
  await log.close();
}

/** Appends transactions at a rate, each of the moment it is appended at, until `signal` aborts. */
export async function trickle(
  run: string,
  options: {
    readonly brokers: readonly string[];
    readonly cards: number;
    readonly perSecond: number;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const log = kafkaEventLog({ brokers: options.brokers });
  const { transactions } = topicsOf(run);
  const begun = performance.now();
  // Ids of their own, apart from those of the backlog and of every other trickle.
  let sent = 0;
  const first = Math.floor(Date.now() / 1_000) * 1_000_000;
  while (!options.signal.aborted) {
    const due = Math.floor(((performance.now() - begun) / 1000) * options.perSecond);
    const time = Date.now();
    const length = Math.min(perBatch, due - sent);
    if (length > 0) {
      const from = first + sent;
      await log.append(
        transactions,
        Array.from({ length }, (_, i) =>
          transactionRecord(from + i, { cards: options.cards, time }),
        ),
      );
      sent += length;
    } else await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await log.close();
  return sent;
}
