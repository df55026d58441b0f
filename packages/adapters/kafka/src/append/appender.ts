import { EcapError, type NewLogRecord } from "@ecap/sdk";
import { partitionFor, unknownPartition } from "@ecap/sdk/memory";
import type { Topic } from "../topics/topic-metadata.ts";
import { recordBound } from "../wire/record-batch.ts";
import type { AppendCall, AppendPart, Position } from "./append-call.ts";
import { type BatchSenderOptions, batchSender, firstBackoffMs } from "./batch-sender.ts";
import type { PartitionQueue } from "./partition-queue.ts";

export interface Appender {
  append(topic: string, records: readonly NewLogRecord[]): Promise<readonly Position[]>;
  /** Resolves when what waits was appended or given up. */
  close(): Promise<void>;
}

interface Share {
  readonly places: number[];
  bound: number;
}

/** Splits each call over the queues of its partitions, which {@link batchSender} empties, and bounds what waits. */
export function appender(options: BatchSenderOptions): Appender {
  const { metadata, settings } = options;
  const sender = batchSender(options);
  const queues = new Map<string, PartitionQueue[]>();
  const keyless = new Map<string, number>();
  const open = new Set<AppendCall>();
  let waitingBytes = 0;
  let closed = false;
  let onIdle: (() => void) | undefined;

  function queueOf(topic: string, partition: number): PartitionQueue {
    const ofTopic = queues.get(topic) ?? [];
    queues.set(topic, ofTopic);
    const queue = ofTopic[partition] ?? newQueue(topic, partition, settings.maxBatchBytes);
    ofTopic[partition] = queue;
    return queue;
  }

  function done(call: AppendCall): void {
    open.delete(call);
    waitingBytes -= call.bytes;
    if (open.size === 0) onIdle?.();
  }

  function enqueue(topic: Topic, records: readonly NewLogRecord[]): Promise<readonly Position[]> {
    const { name, leaders } = topic;
    const turn = (keyless.get(name) ?? 0) % leaders.length;
    keyless.set(name, turn + 1);
    const positions: Position[] = [];
    const shares = new Map<number, Share>();
    let bytes = 0;
    for (let place = 0; place < records.length; place += 1) {
      const record = records[place] as NewLogRecord;
      const partition = partitionFor(record, leaders.length, turn);
      if (leaders[partition] === undefined) throw unknownPartition(name, partition);
      positions.push({ partition, offset: -1 });
      let share = shares.get(partition);
      if (share === undefined) shares.set(partition, (share = { places: [], bound: 0 }));
      share.places.push(place);
      const bound = recordBound(record);
      share.bound += bound;
      bytes += bound;
    }
    if (waitingBytes > 0 && waitingBytes + bytes > settings.maxWaitingBytes) {
      throw new EcapError("ECAP_OVERLOADED", `${waitingBytes} bytes wait to be appended to Kafka`);
    }
    waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      const call: AppendCall = {
        positions,
        bytes,
        enqueuedAt: Date.now(),
        waiting: records.length,
        settled: false,
        resolve: () => {
          done(call);
          resolve(positions);
        },
        reject: (error) => {
          done(call);
          reject(error);
        },
      };
      open.add(call);
      for (const [partition, share] of shares) {
        const queue = queueOf(name, partition);
        queue.parts.push(partOf(call, records, share));
        sender.wake(queue);
      }
    });
  }

  return {
    async append(name, records) {
      if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "the event log was closed");
      const topic = metadata.known(name) ?? (await metadata.topic(name));
      return records.length === 0 ? [] : enqueue(topic, records);
    },
    async close() {
      closed = true;
      if (open.size === 0) return;
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    },
  };
}

function partOf(
  call: AppendCall,
  records: readonly NewLogRecord[],
  { places, bound }: Share,
): AppendPart {
  const isWhole = places.length === records.length;
  return {
    call,
    records: isWhole ? records : places.map((place) => records[place] as NewLogRecord),
    places: isWhole ? undefined : places,
    bound,
    sent: 0,
  };
}

function newQueue(topic: string, partition: number, maxBatchBytes: number): PartitionQueue {
  return {
    topic,
    partition,
    parts: [],
    batch: undefined,
    busy: false,
    session: undefined,
    sequence: 0,
    maxBatchBytes,
    backoffMs: firstBackoffMs,
  };
}
