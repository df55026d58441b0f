import type { AssignedPartition } from "../../ports/event-log.ts";
import type { Counters } from "../engine/operator.ts";
import type { PartitionStatus } from "../topology-status.ts";

/** What is kept of a partition while claims of it come and go. */
export interface PartitionNotes extends AssignedPartition {
  progressAt: number;
  isWaiting: boolean;
  failing: PartitionStatus["failing"];
  deadLetters: number;
  removed: PartitionStatus["removed"];
  /** What was removed before this offset has been noted. */
  lostBefore: number;
}

export function newNotes({ topic, partition }: AssignedPartition, now: number): PartitionNotes {
  return {
    topic,
    partition,
    progressAt: now,
    isWaiting: false,
    failing: undefined,
    deadLetters: 0,
    removed: undefined,
    lostBefore: 0,
  };
}

export function noteProgress(notes: PartitionNotes, now: number): void {
  notes.progressAt = now;
  notes.failing = undefined;
}

export function noteFailure(notes: PartitionNotes, code: string, now: number): void {
  const { since = now, attempts = 0 } = notes.failing ?? {};
  notes.failing = { code, since, attempts: attempts + 1 };
}

/** Notes that retention removed the records from `offset` to `first`; resolves how many of them were not noted yet. */
export function noteRemoved(
  notes: PartitionNotes,
  { offset, first, now }: { readonly offset: number; readonly first: number; readonly now: number },
): number {
  const records = first - Math.max(offset, notes.lostBefore);
  if (records <= 0) return 0;
  notes.lostBefore = first;
  notes.removed = { records: (notes.removed?.records ?? 0) + records, at: now };
  return records;
}

export function statusOf(
  { topic, partition, progressAt, isWaiting, failing, deadLetters, removed }: PartitionNotes,
  isFenced: boolean,
): Omit<PartitionStatus, "leg" | "offset" | "watermark" | "openWindows" | keyof Counters> {
  return {
    topic,
    partition,
    progressAt,
    state: isFenced ? "fenced" : isWaiting ? "waiting" : failing ? "failing" : "running",
    ...(failing !== undefined && { failing }),
    deadLetters,
    ...(removed !== undefined && { removed }),
  };
}
