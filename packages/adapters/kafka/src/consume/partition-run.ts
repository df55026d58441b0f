import type { AssignedPartition, ConsumeOptions, LogRecord } from "@ecap/sdk";
import { readDefaults } from "@ecap/sdk/memory";
import type { RecordCursor } from "../wire/record-cursor.ts";
import { pause } from "../wire/retrying.ts";
import { wakeUp } from "./wake-up.ts";

export interface StartingPoint {
  /** Where to begin reading. */
  readonly position: number;
  /** The group is this far already: what is done below it moves no offset. */
  readonly committed: number;
}

export interface PartitionRunOptions {
  readonly place: AssignedPartition;
  readonly consume: ConsumeOptions;
  /** Resolves where to begin; repeated when it fails. */
  start(signal: AbortSignal): Promise<StartingPoint>;
  /** The offset before which all is done. */
  done(offset: number): void;
  /** There is room for another fetch, or will never be again. */
  changed(): void;
}

export interface PartitionRun {
  readonly place: AssignedPartition;
  /** Where the next fetch begins; undefined where none is wanted. */
  wanted(): number | undefined;
  /** What was fetched from the wanted offset. */
  give(cursor: RecordCursor): void;
  /** Begins at another offset: what it stood at was removed. */
  moveTo(position: number): void;
  /** Resolves when no batch is under way; none begins until {@link resume}. */
  hold(): Promise<void>;
  resume(): void;
  /** Ends it for good; resolves when no batch is under way. */
  stop(): Promise<void>;
}

const firstBackoffMs = 50;
const maxBackoffMs = 5_000;

/** Brings the records of one partition to `onBatch`, one batch at a time, while the next ones are fetched. */
export function runPartition(options: PartitionRunOptions): PartitionRun {
  const { place, consume } = options;
  const { maxRecords = readDefaults.maxRecords, maxBytes = readDefaults.maxBytes } = consume;
  const stopped = new AbortController();
  const { signal } = stopped;
  let cursor: RecordCursor | undefined;
  let next: RecordCursor | undefined;
  /** Where the next fetch begins; undefined until it is known where to start. */
  let fetchAt: number | undefined;
  let committed = -1;
  let records: readonly LogRecord[] = [];
  let held = false;
  let busy: Promise<void> | undefined;
  const change = wakeUp();

  async function begin(): Promise<void> {
    const started = await options.start(signal);
    committed = started.committed;
    fetchAt = started.position;
    options.changed();
  }

  async function nextRecords(): Promise<readonly LogRecord[]> {
    for (;;) {
      if (cursor === undefined) {
        cursor = next;
        next = undefined;
        if (cursor === undefined) return [];
        options.changed();
      }
      const taken = await cursor.take({ maxRecords, maxBytes });
      if (taken.length > 0) return taken;
      cursor = undefined;
    }
  }

  async function handle(): Promise<void> {
    const { topic, partition } = place;
    await consume.onBatch({ topic, partition, records, signal });
    const reached = (records.at(-1) as LogRecord).offset + 1;
    records = [];
    if (reached <= committed) return;
    committed = reached;
    options.done(reached);
  }

  async function step(): Promise<void> {
    if (fetchAt === undefined) await begin();
    if (records.length === 0) records = await nextRecords();
    if (signal.aborted || held) return;
    if (records.length > 0) {
      busy = handle().finally(() => {
        busy = undefined;
      });
      await busy;
      return;
    }
    await change.wait();
  }

  async function run(): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (!signal.aborted) {
      if (held) {
        await change.wait();
        continue;
      }
      try {
        await step();
        backoffMs = firstBackoffMs;
      } catch (error) {
        if (!signal.aborted) consume.onError?.(error);
        await pause(backoffMs, signal);
        backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
      }
    }
  }

  const running = run();
  return {
    place,
    wanted: () => (next === undefined && !signal.aborted ? fetchAt : undefined),
    give(fetched) {
      fetchAt = fetched.end;
      next = fetched;
      change.wake();
    },
    moveTo(position) {
      fetchAt = position;
    },
    async hold() {
      held = true;
      await busy?.catch(() => undefined);
    },
    resume() {
      held = false;
      change.wake();
    },
    async stop() {
      stopped.abort();
      change.wake();
      await running;
      options.changed();
    },
  };
}
