import { hashId, type IdHash, IdWindow } from "../dedupe/id-window.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import type { RecordDecoder } from "../events/record-codec.ts";
import { isFor } from "../events/redriven.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog, LogRecord, PartitionOffsets } from "../ports/event-log.ts";
import { sinkGroup } from "./sink-group.ts";
import { turns } from "./turns.ts";

export interface TailLimits {
  /** Records of a topic that are read along at most. Default 20,000. */
  readonly maxRecords: number;
  /** Bytes of them. Default 32 MiB. */
  readonly maxBytes: number;
  /** Written records of each partition whose ids are read, so that a repeat of one is recognised. Default 5,000. */
  readonly dedupeRecords: number;
}

export const defaultTailLimits: TailLimits = {
  maxRecords: 20_000,
  maxBytes: 32 * 1024 * 1024,
  dedupeRecords: 5_000,
};

export interface TopicTailOptions {
  readonly topic: string;
  readonly eventLog: EventLog;
  readonly decode: RecordDecoder;
  readonly clock: Clock;
  readonly limits?: Partial<TailLimits>;
}

/** An event of the log with what it is recognised by. */
export interface TailEvent {
  readonly record: LogRecord;
  readonly event: EventEnvelope;
  /** Tenant and id in one. */
  readonly key: string;
}

/** The end of a topic that its bronze table does not hold yet, in the memory of this process. */
export interface TopicTail {
  /**
   * The events from the written offsets to the end, without repeats of what was written; undefined where there are more than the limits allow, or the log does not give what it says it has.
   * Each record is read once, however often this is called; where nothing changed the array is the same. Offsets never go back, and one call follows another.
   */
  read(written: ReadonlyMap<number, number>): Promise<readonly TailEvent[] | undefined>;
}

interface HeldEvent extends TailEvent {
  readonly id: IdHash;
}

const stepRecords = 500;
/** How long a record is waited for that the log says it has. */
const waitMs = 200;

export function topicTail(options: TopicTailOptions): TopicTail {
  const { topic, eventLog, decode, clock } = options;
  const limits = { ...defaultTailLimits, ...options.limits };
  const group = sinkGroup(topic);
  /** Ids of records before the written offsets. */
  let written = newIdWindow();
  /** Offset of the next record to read, by partition. */
  const positions = new Map<number, number>();
  let held: HeldEvent[] = [];
  let bytesHeld = 0;
  let shown: readonly TailEvent[] = [];
  /** The written offsets from which there were too many bytes: until they move, nothing is read again. */
  let tooLargeAt: string | undefined;

  /** Events of the records from an offset up to but without another; the position follows. Resolves whether it came to the end. */
  async function take(
    partition: number,
    { from, to }: { readonly from: number; readonly to: number },
    each: (event: HeldEvent) => void,
  ): Promise<boolean> {
    const takeTurns = turns();
    for (let offset = from; offset < to; ) {
      const maxRecords = Math.min(stepRecords, to - offset);
      const records = await eventLog.read(topic, partition, offset, { maxRecords, waitMs });
      if (records.length === 0 || bytesHeld > limits.maxBytes) return false;
      for (const record of records) {
        if (record.offset >= to) break;
        const event = isFor(record, group) ? decode(record) : undefined;
        if (event === undefined) continue;
        const { tenant, id } = event;
        each({ record, event, key: `${tenant}\n${id}`, id: hashId(tenant, id) });
      }
      offset = (records.at(-1)?.offset ?? offset) + 1;
      positions.set(partition, offset);
      await takeTurns();
    }
    return true;
  }

  async function readPartition(
    { partition, earliest, next }: PartitionOffsets,
    writtenTo: number,
  ): Promise<boolean> {
    const position = Math.max(positions.get(partition) ?? 0, earliest);
    const known = Math.max(position, writtenTo - limits.dedupeRecords);
    await take(partition, { from: known, to: Math.min(writtenTo, next) }, ({ id }) => {
      written.add(id, clock.now());
    });
    const from = Math.max(position, writtenTo);
    return take(partition, { from, to: next }, (event) => {
      held.push(event);
      bytesHeld += event.record.value.length;
    });
  }

  function forget(): undefined {
    written = newIdWindow();
    positions.clear();
    held = [];
    bytesHeld = 0;
    shown = [];
    return undefined;
  }

  return {
    async read(offsets) {
      const place = [...offsets].join(" ");
      if (place === tooLargeAt) return undefined;
      const bounds = await eventLog.offsets(topic);
      const writtenTo = (partition: number): number => offsets.get(partition) ?? 0;
      const waiting = bounds.map(
        ({ partition, earliest, next }) => next - Math.max(earliest, writtenTo(partition)),
      );
      if (sum(waiting) > limits.maxRecords) return forget();

      const isWritten = ({ record }: TailEvent): boolean =>
        record.offset < writtenTo(record.partition);
      for (const event of held) if (isWritten(event)) written.add(event.id, clock.now());
      held = held.filter((event) => !isWritten(event));
      bytesHeld = sum(held.map(({ record }) => record.value.length));
      let isWhole = true;
      for (const each of bounds)
        isWhole = (await readPartition(each, writtenTo(each.partition))) && isWhole;
      if (bytesHeld > limits.maxBytes) {
        tooLargeAt = place;
        return forget();
      }
      if (!isWhole) return undefined;

      const events = held.filter(({ id }) => !written.has(id));
      if (!isSame(events, shown)) shown = events;
      return shown;
    },
  };
}

function newIdWindow(): IdWindow {
  return new IdWindow({ windowMs: 24 * 3_600_000, maxIds: 500_000 });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function isSame(some: readonly TailEvent[], others: readonly TailEvent[]): boolean {
  return some.length === others.length && some.every((event, i) => event === others[i]);
}
