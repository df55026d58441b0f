import { setImmediate } from "node:timers/promises";
import { deadLetterOf } from "../collector/dead-letter.ts";
import { hashId, IdWindow } from "../dedupe/id-window.ts";
import { isEcapError } from "../errors/ecap-error.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import type { RecordDecoder } from "../events/record-codec.ts";
import { isFor } from "../events/redriven.ts";
import { deadLetterTopic, ensureDeadLetters } from "../events/topics.ts";
import type { Clock } from "../ports/clock.ts";
import type { AssignedPartition, Consumer, EventLog, LogRecord } from "../ports/event-log.ts";
import type { Logger } from "../ports/logger.ts";
import type { Row, TableStore } from "../ports/table-store.ts";
import { bronzeTableName } from "./bronze-table.ts";
import { giveWay } from "./give-way.ts";
import { bronzeRow, typedRows } from "./lake-rows.ts";
import { type LakeTable, typesFrom } from "./lake-table.ts";
import { joined, newBatch } from "./sink-batch.ts";
import { sinkGroup } from "./sink-group.ts";
import { openSinkTables } from "./sink-tables.ts";

export interface LakeSinkLimits {
  /** A batch is written when it holds this many rows (default 100,000), … */
  readonly maxRows: number;
  /** … this many bytes of received events (default 64 MiB), … */
  readonly maxBytes: number;
  /** … or its first event has waited this long (default 5,000 ms), … */
  readonly maxWaitMs: number;
  /** … which becomes this long while the sink is behind the log, for few large files (default 30,000 ms). */
  readonly maxWaitBehindMs: number;
  /** Records before the resumed offset whose ids are read again, so that a repeat is still recognised after a restart. Default 20,000 a partition. */
  readonly dedupeRecords: number;
}

export const defaultLakeSinkLimits: LakeSinkLimits = {
  maxRows: 100_000,
  maxBytes: 64 * 1024 * 1024,
  maxWaitMs: 5_000,
  maxWaitBehindMs: 30_000,
  dedupeRecords: 20_000,
};

export interface LakeSinkOptions {
  readonly topic: string;
  readonly tables: readonly LakeTable[];
  readonly eventLog: EventLog;
  readonly tableStore: TableStore;
  readonly decode: RecordDecoder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<LakeSinkLimits>;
}

export interface LakeSink {
  readonly topic: string;
  /** Writes everything the topic held when it was called; resolves when it can be queried. */
  drain(): Promise<void>;
  /** Writes what is buffered and stops. */
  close(): Promise<void>;
  status(): LakeSinkStatus;
}

export interface LakeSinkStatus {
  /** Its consumer group. */
  readonly group: string;
  /** Each with the offset everything before is in the lake, and when it last got on, epoch milliseconds. */
  readonly partitions: ReadonlyArray<{
    readonly topic: string;
    readonly partition: number;
    readonly position: number;
    readonly progressAt: number;
  }>;
  readonly bufferedRows: number;
  readonly bufferedBytes: number;
  /** The last error, and since when the lake cannot be written. */
  readonly failing?: { readonly code: string; readonly since: number };
  /** Events let go as repeats since this process began. */
  readonly duplicates: number;
  /** Records that are no events, which went to the dead letters. */
  readonly deadLetters: number;
  /** Rows a table lacks because its code could not read an event, or made rows that do not fit. */
  readonly rowsLacking: number;
  /** Records that retention removed before they were read: how many at most, and when that was noticed. */
  readonly removed?: { readonly records: number; readonly at: number };
}

/** Records taken in at a time: few, so that partitions advance together and a batch holds few dates, and so that other work gets its turn. */
const stepRecords = 200;
const stepBytes = 256 * 1024;
/** Taken in without a pause, in milliseconds: so long may whoever else needs this thread have to wait. */
const sliceMs = 0.5;
const malformed = { code: "ECAP_EVENT_MALFORMED", message: "the record is no event" } as const;

/**
 * Turns one topic into its bronze table and the typed tables fed by it, each event once.
 *
 * A batch goes to the typed tables first and to the bronze table last, and every commit carries the reached offset of each partition as Delta `txn`
 * action. So the bronze table's offset says up to where all tables are complete: there the sink resumes, and after a crash between two tables
 * the ones that have the batch already are passed over by their own offset.
 */
export async function startLakeSink(options: LakeSinkOptions): Promise<LakeSink> {
  const { topic, tables, eventLog, tableStore, decode, clock, logger } = options;
  const limits = { ...defaultLakeSinkLimits, ...options.limits };
  const bronze = bronzeTableName(topic);
  const typesOf = new Map(tables.map((table) => [table, typesFrom(table, topic)]));
  const group = sinkGroup(topic);
  /** Offset everything before is in the lake, by partition this process holds. */
  const done = new Map<number, { position: number; progressAt: number }>();
  const counts = { duplicates: 0, deadLetters: 0, rowsLacking: 0 };
  let failing: LakeSinkStatus["failing"];
  let removed: LakeSinkStatus["removed"];
  /** How often the consumer said that retention removed what it was to read next, less the losses found since. */
  let losses = 0;
  const seen = new IdWindow({ windowMs: 24 * 3_600_000, maxIds: 2_000_000 });
  let closed = false;
  let batch = newBatch(clock.now());
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  /** Pauses follow one another, however many partitions there are. */
  let pausing: Promise<void> = Promise.resolve();

  async function resume({ partition }: AssignedPartition): Promise<number> {
    await lake.readOffsets();
    const offset = lake.reached(bronze, partition);
    const bounds = (await eventLog.offsets(topic)).find(
      (candidate) => candidate.partition === partition,
    );
    const earliest = bounds?.earliest ?? 0;
    if (offset < earliest && offset > 0) noteRemoved({ partition, offset, earliest });
    await warmUp(partition, Math.max(earliest, offset - limits.dedupeRecords), offset);
    const position = Math.max(offset, earliest);
    done.set(partition, { position, progressAt: clock.now() });
    return position;
  }

  function noteRemoved(gap: {
    readonly partition: number;
    readonly offset: number;
    readonly earliest: number;
  }): void {
    const records = gap.earliest - gap.offset + (removed?.records ?? 0);
    removed = { records, at: clock.now() };
    logger.error({ topic, ...gap }, "retention removed events the lake had not taken");
  }

  /** The consumer was told that its place is gone: the records from there to the first that came are. */
  async function noticeRemoved(partition: number, first: number): Promise<void> {
    const offset = reached.get(partition) ?? first;
    if (losses === 0 || first <= offset) return;
    const bounds = await eventLog.offsets(topic);
    const earliest = bounds.find((each) => each.partition === partition)?.earliest ?? 0;
    if (offset >= earliest) return;
    losses -= 1;
    noteRemoved({ partition, offset, earliest: Math.min(earliest, first) });
  }

  function noteFailure(error: unknown): void {
    const { since = clock.now() } = failing ?? {};
    failing = { code: isEcapError(error) ? error.code : "ECAP_INTERNAL", since };
  }

  async function warmUp(partition: number, from: number, to: number): Promise<void> {
    for (let offset = from; offset < to; ) {
      const records = await eventLog.read(topic, partition, offset, {
        maxRecords: Math.min(5_000, to - offset),
      });
      if (records.length === 0) return;
      for (const record of records) {
        const event = decode(record);
        if (event !== undefined) seen.add(hashId(event.tenant, event.id), clock.now());
        offset = record.offset + 1;
      }
    }
  }

  function takeIn(record: LogRecord): void {
    if (batch.next.size === 0) batch.startedAt = clock.now();
    batch.next.set(record.partition, record.offset + 1);
    if (!isFor(record, group)) return;
    const event = decode(record);
    batch.bytes += record.value.length;
    if (event === undefined) {
      const { partition, offset } = record;
      logger.error(
        { topic, partition, offset },
        "a record that is no event goes to the dead letters",
      );
      const { code, message } = malformed;
      const about = { code, message, consumer: group, attempts: 1, now: clock.now() };
      batch.letters.push(deadLetterOf(record, about));
      counts.deadLetters += 1;
      return;
    }
    if (!seen.add(hashId(event.tenant, event.id), clock.now())) {
      counts.duplicates += 1;
      return;
    }
    batch.bronze.push(bronzeRow(record, event));
    batch.rows += 1;
    for (const table of tables) {
      if (typesOf.get(table)?.has(event.type) !== true) continue;
      if (record.offset < lake.reached(table.name, record.partition)) continue;
      const rows = rowsOf(table, record, event);
      const held = batch.typed.get(table.name);
      if (held === undefined) batch.typed.set(table.name, [...rows]);
      else for (const row of rows) held.push(row);
      batch.rows += rows.length;
    }
  }

  /** A table whose code cannot read an event lacks it, and nobody else does. */
  function rowsOf(table: LakeTable, record: LogRecord, event: EventEnvelope): readonly Row[] {
    try {
      return typedRows(table, record, event);
    } catch (error) {
      const { partition, offset } = record;
      logger.error(
        { topic, partition, offset, table: table.name, error: String(error) },
        "a table could not read an event and lacks it",
      );
      counts.rowsLacking += 1;
      return [];
    }
  }

  /** Writes what is buffered once the writes before it are done, unless `when` no longer holds then. */
  function flush(when: () => boolean = () => true): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(() => (when() ? writeBatch() : undefined));
    const result = writing;
    writing = writing.catch(flushLater);
    return result;
  }

  async function writeBatch(): Promise<void> {
    if (batch.next.size === 0) return;
    const full = batch;
    batch = newBatch(clock.now());
    try {
      for (const [name, rows] of full.typed) {
        counts.rowsLacking += await lake.writeFitting(name, rows, full.next);
        full.typed.delete(name);
      }
      if (full.letters.length > 0)
        await eventLog.append(deadLetterTopic(topic), full.letters.splice(0));
      await lake.write(bronze, full.bronze, full.next);
      failing = undefined;
      for (const [partition, position] of full.next)
        if (done.has(partition)) done.set(partition, { position, progressAt: clock.now() });
    } catch (error) {
      // Nothing is forgotten: what was not written goes back in front of what came meanwhile.
      batch = joined(full, batch);
      noteFailure(error);
      throw error;
    }
  }

  function isFull(): boolean {
    return batch.rows >= limits.maxRows || batch.bytes >= limits.maxBytes;
  }

  function flushLater(): void {
    if (closed) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      flushWhenDue().catch((error: unknown) => {
        logger.error(
          { topic, error: String(error) },
          "the lake could not be written; it will be tried again",
        );
      });
    }, limits.maxWaitMs);
  }

  async function flushWhenDue(): Promise<void> {
    const waited = clock.now() - batch.startedAt;
    if (waited + limits.maxWaitMs <= limits.maxWaitBehindMs && (await isBehind())) flushLater();
    else await flush();
  }

  async function isBehind(): Promise<boolean> {
    const waiting = (await eventLog.offsets(topic)).map(
      ({ partition, next, earliest }) => next - Math.max(earliest, reached.get(partition) ?? 0),
    );
    return waiting.reduce((sum, records) => sum + records, 0) > 1_000;
  }

  await ensureDeadLetters(eventLog, topic);
  const lake = await openSinkTables({ topic, tables, tableStore, logger });
  const reached = new Map<number, number>();
  const consumer: Consumer = await eventLog.consume({
    group,
    topics: [topic],
    maxRecords: stepRecords,
    maxBytes: stepBytes,
    onAssigned: async (assigned) => {
      const offset = await resume(assigned);
      reached.set(assigned.partition, offset);
      return offset;
    },
    onRevoked: async ({ partition }) => {
      await flush();
      done.delete(partition);
    },
    onBatch: async ({ partition, records }) => {
      await noticeRemoved(partition, records[0]?.offset ?? 0);
      let worked = 0;
      let begun = performance.now();
      for (const record of records) {
        // A redelivered batch begins with what is buffered already.
        if (record.offset < (reached.get(partition) ?? 0)) continue;
        takeIn(record);
        reached.set(partition, record.offset + 1);
        const took = performance.now() - begun;
        if (took < sliceMs) continue;
        worked += took;
        await setImmediate();
        begun = performance.now();
      }
      worked += performance.now() - begun;
      if (isFull()) await flush(isFull);
      if (batch.next.size > 0) flushLater();
      else failing = undefined;
      pausing = pausing.then(() => giveWay(worked));
      await pausing;
    },
    onError(error) {
      if (isEcapError(error, "ECAP_OFFSET_OUT_OF_RANGE")) losses += 1;
      else noteFailure(error);
      logger.error(
        { topic, error: String(error) },
        "the lake sink met an error; it will be tried again",
      );
    },
  });

  return {
    topic,
    async drain() {
      const target = await eventLog.offsets(topic);
      const isReached = (): boolean =>
        target.every(
          ({ partition, next, earliest }) =>
            next === earliest || (reached.get(partition) ?? 0) >= next,
        );
      while (!isReached()) {
        // A full batch that cannot be written keeps further records out, and then this says why.
        if (isFull()) await flush(isFull);
        await sleep(5);
      }
      await flush();
    },
    async close() {
      await consumer.close();
      closed = true;
      await flush();
    },
    status: () => ({
      group,
      partitions: [...done].map(([partition, at]) => ({ topic, partition, ...at })),
      bufferedRows: batch.rows,
      bufferedBytes: batch.bytes,
      ...(failing !== undefined && { failing }),
      ...counts,
      ...(removed !== undefined && { removed }),
    }),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
