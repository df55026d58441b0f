import { isEcapError } from "../errors/ecap-error.ts";
import { deadLetterTopic } from "../events/topics.ts";
import type { EventLog, PartitionOffsets } from "../ports/event-log.ts";
import { worstState } from "./consumer-health.ts";
import type {
  ConsumerHealth,
  ConsumerSummary,
  DeadLetterCount,
  PartitionLag,
  ProcessHealth,
} from "./health.ts";

/** A consumer the composition says there is, whether or not a process runs it. */
export interface ExpectedConsumer {
  readonly name: string;
  readonly kind: "topology" | "sink";
  readonly topics: readonly string[];
}

type Log = Pick<EventLog, "offsets" | "committed">;

/** Bounds of topics, asked for once each. */
function boundsOf(log: Log): (topic: string) => Promise<readonly PartitionOffsets[]> {
  const asked = new Map<string, Promise<readonly PartitionOffsets[]>>();
  return (topic) => {
    const known = asked.get(topic);
    if (known !== undefined) return known;
    // A topology that never ran has not made its own topics.
    const found = log.offsets(topic).catch((error: unknown) => {
      if (isEcapError(error, "ECAP_TOPIC_UNKNOWN")) return [];
      throw error;
    });
    asked.set(topic, found);
    return found;
  };
}

/** How far each consumer is: by what living processes say of it, and where none does by its group's offsets. */
export async function consumerSummaries(
  expected: readonly ExpectedConsumer[],
  living: readonly ProcessHealth[],
  log: Log,
): Promise<readonly ConsumerSummary[]> {
  const bounds = boundsOf(log);
  const summaries: ConsumerSummary[] = [];
  for (const consumer of expected) {
    const runs = living.flatMap(({ id, consumers }) =>
      consumers.filter(({ name }) => name === consumer.name).map((health) => ({ id, health })),
    );
    const partitions: PartitionLag[] = [];
    for (const topic of consumer.topics)
      partitions.push(...(await lagsOf({ consumer, topic, runs, bounds, log })));
    summaries.push(summaryOf(consumer, runs, partitions));
  }
  return summaries;
}

interface Run {
  readonly id: string;
  readonly health: ConsumerHealth;
}

async function lagsOf({
  consumer,
  topic,
  runs,
  bounds,
  log,
}: {
  readonly consumer: ExpectedConsumer;
  readonly topic: string;
  readonly runs: readonly Run[];
  readonly bounds: (topic: string) => Promise<readonly PartitionOffsets[]>;
  readonly log: Log;
}): Promise<readonly PartitionLag[]> {
  let committed: ReadonlyMap<number, number> | undefined;
  const lags: PartitionLag[] = [];
  for (const { partition, earliest, next } of await bounds(topic)) {
    let position: number | undefined;
    let process: string | undefined;
    for (const { id, health } of runs) {
      const held = health.partitions.find(
        (each) => each.topic === topic && each.partition === partition,
      );
      if (held === undefined || held.state === "fenced") continue;
      process = id;
      if ((held.position ?? -1) >= (position ?? 0)) position = held.position;
    }
    if (position === undefined && next > earliest) {
      committed ??= await log.committed(consumer.name, topic);
      position = committed.get(partition);
    }
    const lag = Math.max(0, next - Math.max(position ?? earliest, earliest));
    lags.push({
      topic,
      partition,
      position,
      earliest,
      next,
      lag,
      ...(process !== undefined && { process }),
    });
  }
  return lags;
}

function summaryOf(
  { name, kind }: ExpectedConsumer,
  runs: readonly Run[],
  partitions: readonly PartitionLag[],
): ConsumerSummary {
  const sum = (of: (health: ConsumerHealth) => number): number =>
    runs.reduce((total, { health }) => total + of(health), 0);
  const failing = runs.find(({ health }) => health.failing !== undefined)?.health.failing;
  const progress = runs.flatMap(({ health }) =>
    health.partitions.map(({ progressAt }) => progressAt),
  );
  const removed = runs.flatMap(({ health }) => health.removed ?? []);
  return {
    name,
    kind,
    state: runs.length === 0 ? "absent" : worstState(runs.map(({ health }) => health.state)),
    ...(failing !== undefined && { failing }),
    lag: partitions.reduce((total, { lag }) => total + lag, 0),
    ...(progress.length > 0 && { progressAt: Math.max(...progress) }),
    partitions,
    late: sum(({ late }) => late),
    duplicates: sum(({ duplicates }) => duplicates),
    forced: sum(({ forced }) => forced),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    ...(removed.length > 0 && {
      removed: {
        records: removed.reduce((total, { records }) => total + records, 0),
        at: Math.max(...removed.map(({ at }) => at)),
      },
    }),
  };
}

/** Dead letters of each topic that has any. */
export async function deadLetterCounts(
  topics: Iterable<string>,
  log: Log,
): Promise<readonly DeadLetterCount[]> {
  const bounds = boundsOf(log);
  const counts: DeadLetterCount[] = [];
  for (const topic of new Set(topics)) {
    const letters = await bounds(deadLetterTopic(topic));
    const total = letters.reduce((sum, { next }) => sum + next, 0);
    const held = letters.reduce((sum, { next, earliest }) => sum + next - earliest, 0);
    if (total > 0) counts.push({ topic, total, held });
  }
  return counts;
}
