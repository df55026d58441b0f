import { EcapError } from "../errors/ecap-error.ts";
import { partitionOf } from "../events/partition.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import type { EventLog, LogRecord, NewLogRecord, TopicSpec } from "../ports/event-log.ts";
import { createConsumerGroups } from "./consumer-groups.ts";
import { createPartitionSignals } from "./partition-signals.ts";

type Positions = ReadonlyArray<{ readonly partition: number; readonly offset: number }>;

export interface MemoryEventLog extends EventLog {
  /** Appends before it returns, which is what makes a memory commit atomic. */
  appendNow(topic: string, records: readonly NewLogRecord[]): Positions;
  /** Removes what retention allows; `append` does so too, at most once a second. */
  readonly enforceRetention: () => Promise<void>;
  close(): Promise<void>;
}

interface StoredRecord {
  readonly record: LogRecord;
  readonly appendedAt: number;
}

interface MemoryPartition {
  /** Offset of `records[0]`. */
  earliest: number;
  bytes: number;
  records: StoredRecord[];
}

interface MemoryTopic {
  spec: TopicSpec;
  readonly partitions: MemoryPartition[];
  nextKeyless: number;
}

const retentionEveryMs = 1_000;
export const readDefaults: { readonly maxRecords: number; readonly maxBytes: number } = {
  maxRecords: 1_000,
  maxBytes: 4 * 1024 * 1024,
};

/** An EventLog in the memory of this process, for tests and tiny embeddings: durable only as long as the process. */
export function memoryEventLog({
  clock = systemClock,
}: {
  readonly clock?: Clock;
} = {}): MemoryEventLog {
  const topics = new Map<string, MemoryTopic>();
  const signals = createPartitionSignals();
  const groupOffsets = new Map<string, number>();
  let retentionAt = clock.now() + retentionEveryMs;
  let closed = false;

  function topicOf(name: string): MemoryTopic {
    if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "the event log was closed");
    const topic = topics.get(name);
    if (topic === undefined) throw unknownTopic(name);
    return topic;
  }

  function enforceRetention(): void {
    const now = clock.now();
    retentionAt = now + retentionEveryMs;
    for (const { spec, partitions } of topics.values()) {
      for (const partition of partitions) trim(partition, spec, now);
    }
  }

  const log: Omit<MemoryEventLog, "consume" | "committed" | "close"> = {
    async createTopic(name, spec) {
      assertTopicSpec(name, spec);
      const known = topics.get(name);
      if (known !== undefined) {
        known.spec = { ...spec, partitions: known.partitions.length };
        return;
      }
      const partitions = Array.from({ length: spec.partitions }, () => ({
        earliest: 0,
        bytes: 0,
        records: [],
      }));
      topics.set(name, { spec, partitions, nextKeyless: 0 });
    },
    async topics() {
      return [...topics]
        .map(([topic, { partitions }]) => ({ topic, partitions: partitions.length }))
        .toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
    },
    appendNow(name, records) {
      const topic = topicOf(name);
      const appendedAt = clock.now();
      const keyless = topic.nextKeyless;
      if (records.length > 0) topic.nextKeyless = (keyless + 1) % topic.partitions.length;
      const targets = records.map((record) => {
        const partition = partitionFor(record, topic.partitions.length, keyless);
        const held = topic.partitions[partition];
        if (held === undefined) throw unknownPartition(name, partition);
        return { record, partition, held };
      });
      const positions = targets.map(({ record, partition, held }) => {
        const offset = held.earliest + held.records.length;
        const stored = { ...record, value: record.value.slice(), headers: { ...record.headers } };
        held.records.push({ record: { offset, ...stored, topic: name, partition }, appendedAt });
        held.bytes += record.value.byteLength;
        return { partition, offset };
      });
      if (appendedAt >= retentionAt) enforceRetention();
      for (const partition of new Set(positions.map((position) => position.partition))) {
        signals.notify(name, partition);
      }
      return positions;
    },
    append: async (topic, records) => log.appendNow(topic, records),
    async read(name, partition, fromOffset, options = {}) {
      const held = topicOf(name).partitions[partition];
      if (held === undefined) throw unknownPartition(name, partition);
      if (fromOffset >= held.earliest + held.records.length && (options.waitMs ?? 0) > 0) {
        await signals.wait(name, partition, options.waitMs ?? 0, options.signal);
      }
      if (fromOffset < held.earliest) throw outOfRange(name, partition, fromOffset, held.earliest);
      return take(held.records, fromOffset - held.earliest, options);
    },
    async offsets(name) {
      return topicOf(name).partitions.map(({ earliest, records }, partition) => ({
        partition,
        earliest,
        next: earliest + records.length,
      }));
    },
    enforceRetention: async () => enforceRetention(),
  };

  const groups = createConsumerGroups(log, {
    get: (group, { topic, partition }) => groupOffsets.get(`${group}\n${topic}/${partition}`),
    set: (group, { topic, partition }, offset) => {
      groupOffsets.set(`${group}\n${topic}/${partition}`, offset);
    },
  });
  return {
    ...log,
    ...groups.log,
    async close() {
      await groups.close();
      closed = true;
      signals.close();
    },
  };
}

function take(
  records: readonly StoredRecord[],
  from: number,
  { maxRecords = readDefaults.maxRecords, maxBytes = readDefaults.maxBytes },
): readonly LogRecord[] {
  const taken: LogRecord[] = [];
  let bytes = 0;
  for (let i = from; i < records.length && taken.length < maxRecords; i += 1) {
    const stored = records[i];
    if (stored === undefined) break;
    bytes += stored.record.value.byteLength;
    // The first record comes even when it alone is past the limit, or a reader would never move on.
    if (taken.length > 0 && bytes > maxBytes) break;
    taken.push(stored.record);
  }
  return taken;
}

function trim(partition: MemoryPartition, spec: TopicSpec, now: number): void {
  const { retentionMs = Infinity, retentionBytes = Infinity } = spec;
  let drop = 0;
  for (const { record, appendedAt } of partition.records) {
    if (now - appendedAt <= retentionMs && partition.bytes <= retentionBytes) break;
    partition.bytes -= record.value.byteLength;
    drop += 1;
  }
  if (drop === 0) return;
  partition.records = partition.records.slice(drop);
  partition.earliest += drop;
}

export function assertTopicSpec(topic: string, spec: TopicSpec): void {
  if (topic !== "" && Number.isInteger(spec.partitions) && spec.partitions > 0) return;
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `topic "${topic}" needs a name and at least 1 partition`,
    {
      received: spec.partitions,
    },
  );
}

/** Where a record goes: the partition it names, else its key's, else the one whose turn it is. */
export function partitionFor(
  { key, partition }: NewLogRecord,
  partitions: number,
  keyless: number,
): number {
  return partition ?? (key === undefined ? keyless : partitionOf(key, partitions));
}

export function unknownTopic(topic: string): EcapError {
  return new EcapError("ECAP_TOPIC_UNKNOWN", `topic "${topic}" was never created`);
}

export function unknownPartition(topic: string, partition: number): EcapError {
  return new EcapError("ECAP_TOPIC_UNKNOWN", `topic "${topic}" has no partition ${partition}`);
}

export function outOfRange(
  topic: string,
  partition: number,
  offset: number,
  earliest: number,
): EcapError {
  return new EcapError(
    "ECAP_OFFSET_OUT_OF_RANGE",
    `${topic}/${partition} holds records from offset ${earliest}; ${offset} was removed`,
    { received: offset },
  );
}
