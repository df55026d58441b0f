import { leaderOf, type Topic } from "../topics/topic-metadata.ts";
import { groupBy } from "../wire/group-by.ts";
import type { WireRequest } from "../wire/kafkajs-types.ts";
import type { Link } from "../wire/link.ts";

/** Asks each leader for its share of the partitions, all at once. */
export async function askLeaders<T>(
  link: Link,
  topic: Topic,
  partitions: Iterable<number>,
  request: (partitions: readonly number[]) => WireRequest<readonly T[]>,
): Promise<T[]> {
  const byLeader = groupBy(partitions, (partition) => leaderOf(topic, partition));
  const answers = await Promise.all(
    [...byLeader].map(async ([leader, mine]) => {
      const broker = await link.node(leader, topic.topicName);
      return link.send(broker, request(mine));
    }),
  );
  return answers.flat();
}
