import type { LogRecord, NewLogRecord } from "@ecap/sdk";
import { type Clock, EcapError, type EventLog, type TopicSpec } from "@ecap/sdk";
import {
  assertTopicSpec,
  createConsumerGroups,
  createPartitionSignals,
  outOfRange,
  partitionFor,
  readDefaults,
  unknownPartition,
  unknownTopic,
} from "@ecap/sdk/memory";
import type { Environment } from "../storage/environment.ts";
import type { GroupWriter, Outcome } from "../storage/group-writer.ts";
import { staged } from "../storage/staged.ts";
import { BlockWriter } from "./block-writer.ts";
import { lmdbGroupOffsets } from "./group-offsets.ts";
import { enforceTopicRetention } from "./log-retention.ts";
import { type LogPartition, type LogTopic, loadTopics, topicEntry } from "./log-topics.ts";
import { readBlock } from "./read-block.ts";

export interface Position {
  readonly partition: number;
  readonly offset: number;
}

export interface LmdbEventLog extends EventLog {
  /** Puts records into the transaction that is written next. */
  stage(topic: string, records: readonly NewLogRecord[]): readonly Position[];
  /** Throws ECAP_TOPIC_UNKNOWN where the topic was never created. */
  assertTopic(topic: string): void;
  readonly enforceRetention: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A block is closed at this size, so that a reader of its last record reads no more than this. */
const maxBlockBytes = 256 * 1024;
const idleWriters = 64;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function lmdbEventLog({
  environment,
  writer,
  clock,
  maxWaitingBytes,
}: {
  readonly environment: Environment;
  readonly writer: GroupWriter;
  readonly clock: Clock;
  readonly maxWaitingBytes: number;
}): LmdbEventLog {
  const { blocks, blockIndex } = environment;
  const topics = loadTopics(environment);
  const signals = createPartitionSignals();
  const groupOffsets = lmdbGroupOffsets(environment, writer);
  const spare: BlockWriter[] = [];
  let touched: Array<{ topic: LogTopic; partition: LogPartition }> = [];
  let waiters: Waiter[] = [];
  /** Bytes of values that are not durable yet. */
  let waitingBytes = 0;

  function topicOf(name: string): LogTopic {
    writer.assertOpen();
    const topic = topics.get(name);
    if (topic === undefined) throw unknownTopic(name);
    return topic;
  }

  function stage(name: string, records: readonly NewLogRecord[]): readonly Position[] {
    const topic = topicOf(name);
    const { partitions } = topic;
    const keyless = topic.nextKeyless;
    topic.nextKeyless = (keyless + 1) % partitions.length;
    const positions: Position[] = [];
    const named = records.find(({ partition = 0 }) => partitions[partition] === undefined);
    if (named !== undefined) throw unknownPartition(name, named.partition ?? 0);
    for (const record of records) {
      const index = partitionFor(record, partitions.length, keyless);
      const partition = partitions[index];
      if (partition === undefined) throw unknownPartition(name, index);
      let open = partition.open.at(-1);
      if (open === undefined || open.block.length > maxBlockBytes) {
        if (open === undefined) touched.push({ topic, partition });
        open = { baseOffset: partition.next, block: spare.pop() ?? new BlockWriter() };
        partition.open.push(open);
      }
      open.block.add(record);
      waitingBytes += record.value.length;
      positions.push({ partition: index, offset: partition.next });
      partition.next += 1;
    }
    return positions;
  }

  function writeOpenBlocks(): Outcome | undefined {
    if (touched.length === 0) return undefined;
    const written = touched;
    const waiting = waiters;
    touched = [];
    waiters = [];
    const appendedAt = clock.now();
    let bytes = 0;
    const finished = written.map(({ topic, partition }) => {
      const open = partition.open;
      partition.open = [];
      let end = 0;
      for (const { baseOffset, block } of open) {
        const key = [topic.id, partition.index, baseOffset];
        const { count, valueBytes } = block;
        staged(blocks.put(key, block.finish(appendedAt)));
        staged(blockIndex.put(key, [count, valueBytes, appendedAt]));
        end = baseOffset + count;
        bytes += valueBytes;
        if (partition.bytes !== undefined) partition.bytes += valueBytes;
      }
      return { topic, partition, open, end };
    });
    const recycle = (): void => {
      for (const { block } of finished.flatMap(({ open }) => open)) {
        if (spare.length >= idleWriters) return;
        block.reset();
        spare.push(block);
      }
    };
    return {
      committed: recycle,
      durable() {
        waitingBytes -= bytes;
        for (const { topic, partition, end } of finished) {
          partition.visible = Math.max(partition.visible, end);
          signals.notify(topic.name, partition.index);
        }
        for (const { resolve } of waiting) resolve();
      },
      failed(error) {
        waitingBytes -= bytes;
        for (const { reject } of waiting) reject(error);
      },
    };
  }
  writer.add(writeOpenBlocks);

  function take(topic: LogTopic, partition: LogPartition, from: number, budget: Budget) {
    const into: LogRecord[] = [];
    const first = blockIndex.getKeys({
      start: [topic.id, partition.index, from],
      end: [topic.id, partition.index, -1],
      reverse: true,
      limit: 1,
    });
    const [key] = [...first];
    const range = blockIndex.getRange({
      start: key ?? [topic.id, partition.index, from],
      end: [topic.id, partition.index, partition.visible],
    });
    for (const entry of range) {
      const baseOffset = entry.key[2] ?? 0;
      const [count] = entry.value;
      if (baseOffset + count <= from) continue;
      const block = blocks.getBinary(entry.key);
      const place = { topic: topic.name, partition: partition.index, baseOffset };
      if (block === undefined) throw missingBlock(place);
      if (!readBlock(block, place, from, { into, budget })) break;
    }
    return into;
  }

  const log: Omit<LmdbEventLog, "consume" | "committed" | "close"> = {
    async createTopic(name, spec) {
      writer.assertOpen();
      assertTopicSpec(name, spec);
      const known = topics.get(name);
      const kept: TopicSpec = { ...spec, partitions: known?.partitions.length ?? spec.partitions };
      const entry = topicEntry(known?.id ?? topics.size + 1, kept);
      if (known === undefined) topics.set(name, entry.open(name));
      else known.spec = kept;
      await writer.write(() => staged(environment.topics.put(name, entry.stored)));
    },
    async topics() {
      writer.assertOpen();
      return [...topics.values()]
        .map(({ name, partitions }) => ({ topic: name, partitions: partitions.length }))
        .toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
    },
    stage,
    assertTopic: (name) => void topicOf(name),
    async append(name, records) {
      if (waitingBytes > maxWaitingBytes) {
        throw new EcapError("ECAP_OVERLOADED", `${waitingBytes} bytes wait to be written`);
      }
      const positions = stage(name, records);
      if (positions.length === 0) return positions;
      writer.schedule(0);
      await new Promise<void>((resolve, reject) => {
        waiters.push({ resolve, reject });
      });
      return positions;
    },
    async read(name, index, fromOffset, options = {}) {
      const topic = topicOf(name);
      const partition = topic.partitions[index];
      if (partition === undefined) throw unknownPartition(name, index);
      if (fromOffset >= partition.visible && (options.waitMs ?? 0) > 0) {
        await signals.wait(name, index, options.waitMs ?? 0, options.signal);
        writer.assertOpen();
      }
      if (fromOffset < partition.earliest) {
        throw outOfRange(name, index, fromOffset, partition.earliest);
      }
      if (fromOffset >= partition.visible) return [];
      const { maxRecords = readDefaults.maxRecords, maxBytes = readDefaults.maxBytes } = options;
      return take(topic, partition, fromOffset, { records: maxRecords, bytes: maxBytes });
    },
    async offsets(name) {
      return topicOf(name).partitions.map(({ index, earliest, visible }) => ({
        partition: index,
        earliest,
        next: visible,
      }));
    },
    async enforceRetention() {
      writer.assertOpen();
      for (const topic of topics.values()) {
        await enforceTopicRetention({ environment, writer, topic, now: clock.now() });
      }
    },
  };

  const groups = createConsumerGroups(log, groupOffsets);
  return {
    ...log,
    ...groups.log,
    async close() {
      await groups.close();
      signals.close();
    },
  };
}

type Budget = { records: number; bytes: number };

function missingBlock({
  topic,
  partition,
  baseOffset,
}: {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
}): EcapError {
  return new EcapError(
    "ECAP_STORAGE_CORRUPT",
    `the records of ${topic}/${partition} from offset ${baseOffset} are missing`,
    { received: { topic, partition, offset: baseOffset } },
  );
}
