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

/** Where records of the topic that could not be taken are kept, with the reason and the original bytes. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}
