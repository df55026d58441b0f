import type { EventLog, TopicSpec } from "../ports/event-log.ts";

const day = 86_400_000;

/** How long the platform's logs keep what nobody says otherwise of: lakes and states are seconds behind, and have this long to catch up. */
export const defaultRetentionMs = 14 * day;

/** The topics of the platform and their default partitions. A plugin may add its own. */
export const defaultTopics = {
  transactions: { partitions: 12 },
  "user-events": { partitions: 8 },
  "product-updates": { partitions: 4 },
  "fraud-alerts": { partitions: 2 },
  "customer-analytics": { partitions: 6 },
  "system-metrics": { partitions: 2 },
} as const;

export type DefaultTopic = keyof typeof defaultTopics;

/** Longer than what they come from, for people look at them; and bounded in bytes, for whoever may send can fill them. */
export const deadLetterSpec: TopicSpec = {
  partitions: 1,
  retentionMs: 30 * day,
  retentionBytes: 1024 ** 3,
};

const suffix = ".dlq";

/** Where records of the topic that could not be taken are kept, with the reason and the original bytes. */
export function deadLetterTopic(topic: string): string {
  return `${topic}${suffix}`;
}

/** Makes the topic's dead letters a topic; one that is there keeps its settings. */
export async function ensureDeadLetters(
  eventLog: Pick<EventLog, "topics" | "createTopic">,
  topic: string,
): Promise<void> {
  const letters = deadLetterTopic(topic);
  const known = await eventLog.topics();
  if (!known.some((each) => each.topic === letters))
    await eventLog.createTopic(letters, deadLetterSpec);
}
