import { EcapError } from "@ecap/sdk";
import { unknownPartition, unknownTopic } from "@ecap/sdk/memory";
import { codes, KafkaError } from "../wire/errors.ts";
import { fetchMetadata, type Link } from "../wire/link.ts";
import { metadataRequest } from "../wire/metadata-request.ts";
import { pause, retrying } from "../wire/retrying.ts";

export interface Topic {
  readonly name: string;
  /** As the brokers know it: with the prefix. */
  readonly topicName: string;
  /** The leaders' numbers, by partition; -1 where there is none at the moment. */
  readonly leaders: readonly number[];
}

export interface TopicMetadata {
  /** ECAP_TOPIC_UNKNOWN where the topic does not exist. */
  topic(name: string): Promise<Topic>;
  /** Without asking a broker: undefined where it was not asked for yet, or too long ago. */
  known(name: string): Topic | undefined;
  /** The next question is answered by a broker. */
  forget(name: string): void;
  /** Every topic with the prefix. */
  all(): Promise<readonly Topic[]>;
  /** Resolves when every broker knows the topic and each partition has a leader. */
  settled(name: string): Promise<void>;
  topicName(name: string): string;
}

export interface TopicMetadataOptions {
  readonly link: Link;
  readonly prefix: string;
  readonly timeoutMs: number;
  /** Default one minute: a partition that was added elsewhere is seen after it. */
  readonly maxAgeMs?: number;
}

export function topicMetadata(options: TopicMetadataOptions): TopicMetadata {
  const { link, prefix, timeoutMs, maxAgeMs = 60_000 } = options;
  const topics = new Map<string, { readonly topic: Topic; readonly at: number }>();
  const asking = new Map<string, Promise<Topic>>();
  const topicName = (name: string): string => `${prefix}${name}`;

  async function ask(name: string): Promise<Topic> {
    const wanted = topicName(name);
    if (!isTopicName(wanted)) throw unknownTopic(name);
    return retrying(
      async () => {
        const { topics: answers } = await fetchMetadata(link, [wanted]);
        const [answer] = answers;
        if (answer === undefined || answer.errorCode === codes.unknownTopic) {
          topics.delete(name);
          throw unknownTopic(name);
        }
        if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, "Metadata");
        const topic = { name, topicName: wanted, leaders: leadersOf(answer.partitions) };
        // While there is no leader the next question is whether there is one now.
        if (topic.leaders.every((leader) => leader >= 0))
          topics.set(name, { topic, at: Date.now() });
        else topics.delete(name);
        return topic;
      },
      { doing: `asking for topic ${name}`, timeoutMs },
    );
  }

  const metadata: TopicMetadata = {
    topicName,
    known(name) {
      const entry = topics.get(name);
      return entry === undefined || Date.now() - entry.at > maxAgeMs ? undefined : entry.topic;
    },
    async topic(name) {
      const known = metadata.known(name);
      if (known !== undefined) return known;
      const running = asking.get(name);
      if (running !== undefined) return running;
      const question = ask(name).finally(() => asking.delete(name));
      asking.set(name, question);
      return question;
    },
    forget: (name) => void topics.delete(name),
    async all() {
      const answer = await retrying(() => fetchMetadata(link, undefined), {
        doing: "listing topics",
        timeoutMs,
      });
      return answer.topics
        .filter(({ topic, internal }) => !internal && topic.startsWith(prefix))
        .map(({ topic, partitions }) => ({
          name: topic.slice(prefix.length),
          topicName: topic,
          leaders: leadersOf(partitions),
        }));
    },
    async settled(name) {
      const wanted = topicName(name);
      const until = Date.now() + timeoutMs;
      for (;;) {
        if (await isKnownEverywhere(link, wanted)) return;
        if (Date.now() > until) {
          throw new EcapError("ECAP_SERVICE_UNREACHABLE", `topic "${name}" got no leaders in time`);
        }
        await pause(20);
      }
    },
  };
  return metadata;
}

export function assertPartition({ name, leaders }: Topic, partition: number): void {
  if (leaders[partition] === undefined) throw unknownPartition(name, partition);
}

/** The leader of a partition; ECAP_TOPIC_UNKNOWN where there is no such partition, an error that passes where it has no leader. */
export function leaderOf({ name, leaders }: Topic, partition: number): number {
  const leader = leaders[partition];
  if (leader === undefined) throw unknownPartition(name, partition);
  if (leader < 0) throw new KafkaError(codes.leaderNotAvailable, `${name}/${partition}`);
  return leader;
}

/** Names Kafka takes. */
export function isTopicName(topicName: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(topicName) && topicName !== "." && topicName !== "..";
}

function leadersOf(
  partitions: ReadonlyArray<{ readonly partition: number; readonly leader: number }>,
): number[] {
  const leaders = Array.from({ length: partitions.length }, () => -1);
  for (const { partition, leader } of partitions) leaders[partition] = leader;
  return leaders;
}

async function isKnownEverywhere(link: Link, topicName: string): Promise<boolean> {
  const { brokers } = await fetchMetadata(link, [topicName]);
  const answers = await Promise.allSettled(
    brokers.map(async ({ nodeId }) =>
      link.send(await link.node(nodeId, topicName), metadataRequest([topicName])),
    ),
  );
  // A broker that cannot be reached learns of the topic before it serves again.
  const reached = answers.filter((answer) => answer.status === "fulfilled");
  return (
    reached.length > 0 &&
    reached.every(({ value: { topics } }) => {
      const [topic] = topics;
      return topic?.errorCode === 0 && topic.partitions.every(({ leader }) => leader >= 0);
    })
  );
}
