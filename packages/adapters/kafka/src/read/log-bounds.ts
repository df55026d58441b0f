import type { PartitionOffsets } from "@ecap/sdk";
import type { Topic, TopicMetadata } from "../topics/topic-metadata.ts";
import { KafkaError } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import { listOffsetsRequest, type OffsetQuery } from "../wire/list-offsets-request.ts";
import { pause, retrying } from "../wire/retrying.ts";
import { askLeaders } from "./ask-leaders.ts";
import { lastRecords } from "./last-records.ts";

/** `latest`: where the replicas have everything. `stable`: where the first undecided transaction begins, or `latest`. */
export type Bound = "earliest" | "latest" | "stable";

export interface LogBounds {
  /** Of the partitions; of all where none are named. */
  list(topic: string, bound: Bound, partitions?: readonly number[]): Promise<Map<number, number>>;
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
}

export interface LogBoundsOptions {
  readonly link: Link;
  readonly metadata: TopicMetadata;
  readonly timeoutMs: number;
}

/** How long `offsets` waits for transactions under way to be decided. Those of a processor that lives take milliseconds. */
const decisionMs = 1_000;

export function logBounds({ link, metadata, timeoutMs }: LogBoundsOptions): LogBounds {
  const last = lastRecords(link, metadata);

  function withRetry<T>(name: string, attempt: (topic: Topic) => Promise<T>): Promise<T> {
    return retrying(async () => attempt(await metadata.topic(name)), {
      doing: `asking for the offsets of ${name}`,
      timeoutMs,
      onRetry: () => metadata.forget(name),
    });
  }

  async function ask(topic: Topic, bound: Bound, partitions: Iterable<number>) {
    const { topicName, name } = topic;
    const want = bound === "earliest" ? "earliest" : "latest";
    const answers = await askLeaders(link, topic, partitions, (mine) => {
      const queries = mine.map((partition): OffsetQuery => ({ topicName, partition, want }));
      return listOffsetsRequest(queries, { stable: bound === "stable" });
    });
    for (const { errorCode, partition } of answers) {
      if (errorCode !== 0) throw new KafkaError(errorCode, `ListOffsets ${name}/${partition}`);
    }
    return new Map(answers.map(({ partition, offset }) => [partition, offset]));
  }

  /** The ends of the log as they are now, once what transactions hold up before them is decided. */
  async function decidedEnds(topic: Topic): Promise<Map<number, number>> {
    const all = [...topic.leaders.keys()];
    const until = Date.now() + decisionMs;
    const [ends, stable] = await Promise.all([
      ask(topic, "latest", all),
      ask(topic, "stable", all),
    ]);
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      const undecided = all.filter((each) => (stable.get(each) ?? 0) < (ends.get(each) ?? 0));
      if (undecided.length === 0 || Date.now() > until) break;
      await pause(waitMs);
      for (const [each, end] of await ask(topic, "stable", undecided)) stable.set(each, end);
    }
    for (const [each, end] of ends) ends.set(each, Math.min(end, stable.get(each) ?? end));
    return ends;
  }

  return {
    list: (name, bound, partitions) =>
      withRetry(name, (topic) => ask(topic, bound, partitions ?? topic.leaders.keys())),
    offsets: (name) =>
      withRetry(name, async (topic) => {
        const [earliest, ends] = await Promise.all([
          ask(topic, "earliest", topic.leaders.keys()),
          decidedEnds(topic),
        ]);
        const next = await last.before(topic, ends, earliest);
        return [...earliest]
          .map(([partition, first]) => ({
            partition,
            earliest: first,
            next: Math.max(next.get(partition) ?? first, first),
          }))
          .toSorted((a, b) => a.partition - b.partition);
      }),
  };
}
