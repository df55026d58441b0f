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
   * The events from the written offsets to the end, without repeats of what was written; undefined where there are more than the limits allow.
   * Each record is read once, however often this is called; where nothing changed the array is the same. Offsets never go back, and one call follows another.
   */
  read(written: ReadonlyMap<number, number>): Promise<readonly TailEvent[] | undefined>;
}

const stepRecords = 500;

export function topicTail(options: TopicTailOptions): TopicTail {
  const { topic, eventLog, decode, clock } = options;
  const limits = { ...defaultTailLimits, ...options.limits };
  const group = sinkGroup(topic);
  /** Ids of records before the written offsets. */
  let written = newIdWindow();
  /** Offset of the next record to read, by partition. */
  const positions = new Map<number, number>();
  let held: Array<TailEvent & { readonly id: IdHash }> = [];
  let shown: readonly TailEvent[] = [];

  /** Events of the records from an offset up to but without another; the position follows. */
  async function take(
    partition: number,
    range: { readonly from: number; readonly to: number },
    each: (event: (typeof held)[number]) => void,
  ): Promise<void> {
    const takeTurns = turns();
    for (let offset = range.from; offset < range.to; ) {
      const maxRecords = Math.min(stepRecords, range.to - offset);
      const records = await eventLog.read(topic, partition, offset, { maxRecords });
      for (const record of records) {
        if (record.offset >= range.to) break;
        const event = isFor(record, group) ? decode(record) : undefined;
        if (event !== undefined) {
          const { tenant, id } = event;
          each({ record, event, key: `${tenant}\n${id}`, id: hashId(tenant, id) });
        }
      }
      // Offsets may have gaps, also at the end.
      offset = (records.at(-1)?.offset ?? range.to - 1) + 1;
      positions.set(partition, offset);
      await takeTurns();
    }
  }

  async function readPartition(
    { partition, earliest, next }: PartitionOffsets,
    writtenTo: number,
  ): Promise<void> {
    const position = positions.get(partition) ?? 0;
    const from = Math.max(position, earliest, writtenTo - limits.dedupeRecords);
    await take(partition, { from, to: Math.min(writtenTo, next) }, ({ id }) => {
      written.add(id, clock.now());
    });
    const start = Math.max(position, earliest, writtenTo);
    await take(partition, { from: start, to: next }, (event) => held.push(event));
  }

  function forget(): undefined {
    written = newIdWindow();
    positions.clear();
    held = [];
    shown = [];
    return undefined;
  }

  return {
    async read(offsets) {
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
      for (const partition of bounds)
        await readPartition(partition, writtenTo(partition.partition));
      if (sum(held.map(({ record }) => record.value.length)) > limits.maxBytes) return forget();

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
