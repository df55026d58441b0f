import { EcapError, type TopicSpec } from "@ecap/sdk";
import { assertTopicSpec } from "@ecap/sdk/memory";
import { codeOf, codes } from "../wire/errors.ts";
import { fetchMetadata, type Link } from "../wire/link.ts";
import { retrying } from "../wire/retrying.ts";
import { alterTopicRequest, createTopicRequest } from "../wire/topic-requests.ts";
import { isTopicName, type TopicMetadata } from "./topic-metadata.ts";

export interface TopicCreation {
  readonly link: Link;
  readonly metadata: TopicMetadata;
  readonly replicationFactor: number;
  readonly timeoutMs: number;
}

/** Creates the topic; one that is there keeps its partitions and takes the new retention. */
export async function createTopic(
  name: string,
  spec: TopicSpec,
  { link, metadata, replicationFactor, timeoutMs }: TopicCreation,
): Promise<void> {
  assertTopicSpec(name, spec);
  const topicName = metadata.topicName(name);
  if (!isTopicName(topicName)) {
    throw new EcapError(
      "ECAP_CONFIG_INVALID",
      `Kafka takes topic names of at most 249 letters, digits, ".", "_" and "-"`,
      { received: topicName },
    );
  }
  const config = configOf(spec);
  const { partitions } = spec;
  await retrying(
    async () => {
      // Brokers in KRaft mode pass these requests on to their controller.
      const broker = await link.any();
      const { topics } = await fetchMetadata(link, [topicName]);
      if (topics[0]?.errorCode !== 0) {
        const topic = { topicName, partitions, replicationFactor, config, timeoutMs };
        try {
          await link.send(broker, createTopicRequest(topic));
          return;
        } catch (error) {
          if (codeOf(error) !== codes.topicExists) throw error;
        }
      }
      await link.send(broker, alterTopicRequest(topicName, config));
    },
    { doing: `creating topic ${name}`, timeoutMs },
  );
  metadata.forget(name);
  await metadata.settled(name);
}

/**
 * Retention is by append time, as the port has it: with the records' own times a topic into which last year is imported would lose it at
 * once. Brokers that stamp append times leave the records' own in the batches, from where they are read. Kafka removes whole segments, so
 * these are an eighth of what is kept.
 */
function configOf({ retentionMs, retentionBytes }: TopicSpec): Record<string, string> {
  const segmentMs = retentionMs === undefined ? week : clamp(retentionMs / 8, minute, week);
  const segmentBytes = retentionBytes === undefined ? GiB : clamp(retentionBytes / 8, MiB, GiB);
  return {
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": String(retentionMs ?? -1),
    "retention.bytes": String(retentionBytes ?? -1),
    "segment.ms": String(segmentMs),
    "segment.bytes": String(segmentBytes),
  };
}

const minute = 60_000;
const week = 7 * 24 * 60 * minute;
const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

function clamp(value: number, least: number, most: number): number {
  return Math.round(Math.min(Math.max(value, least), most));
}
