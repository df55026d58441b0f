import type { Consumer, EventLog } from "@ecap/sdk";
import type { OutboxLog } from "@ecap/sdk/streams";
import type { Kafka } from "kafkajs";
import { appender } from "./append/appender.ts";
import { consume } from "./consume/consume.ts";
import { groupMembers } from "./consume/group-members.ts";
import { clientOf, type KafkaEventLogOptions, settingsOf } from "./options.ts";
import { offsetTurns } from "./outbox/offset-turns.ts";
import { transactions } from "./outbox/transactions.ts";
import { committedOffsets } from "./read/committed-offsets.ts";
import { logBounds } from "./read/log-bounds.ts";
import { readPartition } from "./read/read-partition.ts";
import { readerLinks } from "./read/reader-links.ts";
import { createTopic } from "./topics/create-topic.ts";
import { topicMetadata } from "./topics/topic-metadata.ts";
import { openLink } from "./wire/link.ts";

export interface KafkaEventLog extends EventLog, OutboxLog {
  /** The client of kafkajs, for what this package does not do. */
  readonly client: Kafka;
  /** Closes consumers, appends what waits, closes every connection. */
  close(): Promise<void>;
}

const maxReaders = 8;

/** An EventLog on Apache Kafka 2.5 or later, with the transactions that the outbox committer needs. Connects on first use. */
export function kafkaEventLog(options: KafkaEventLogOptions): KafkaEventLog {
  const settings = settingsOf(options);
  const client = clientOf(options);
  const open = () => openLink(client);
  const control = open();
  const appends = open();
  const outbox = open();
  const { topicPrefix: prefix, requestTimeoutMs: timeoutMs, replicationFactor } = settings;
  const metadata = topicMetadata({ link: control, prefix, timeoutMs });
  const bounds = logBounds({ link: control, metadata, timeoutMs });
  const committed = committedOffsets({ link: control, metadata, settings });
  const appending = appender({ link: appends, metadata, settings });
  const links = readerLinks(open, maxReaders);
  const reading = { links, metadata, bounds, settings };
  const turns = offsetTurns();
  const members = groupMembers();
  const delivering = transactions({ link: outbox, metadata, settings, turns, members });
  const consumers = new Set<Consumer>();

  return {
    client,
    createTopic: (topic, spec) =>
      createTopic(topic, spec, { link: control, metadata, replicationFactor, timeoutMs }),
    async topics() {
      const found = await metadata.all();
      return found
        .map(({ name, leaders }) => ({ topic: name, partitions: leaders.length }))
        .toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
    },
    append: (topic, records) => appending.append(topic, records),
    read: (topic, partition, from, readOptions) =>
      readPartition(reading, { topic, partition, from }, readOptions),
    offsets: (topic) => bounds.offsets(topic),
    committed: (group, topic) => committed.now(group, topic),
    async consume(consumeOptions) {
      const link = open();
      const context = { link, control, metadata, bounds, committed, turns, members, settings };
      const consumer = await consume(context, consumeOptions).catch((error: unknown) => {
        link.close();
        throw error;
      });
      consumers.add(consumer);
      return {
        async close() {
          await consumer.close();
          consumers.delete(consumer);
        },
      };
    },
    takeOver: (place) => delivering.takeOver(place),
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.close()));
      await appending.close();
      for (const link of [control, appends, outbox]) link.close();
      links.close();
    },
  };
}
