import type { PartitionStatus } from "./topology-status.ts";

/** What is kept of a partition while claims of it come and go. */
export interface PartitionNotes {
  progressAt: number;
  isWaiting: boolean;
  failing: PartitionStatus["failing"];
  deadLetters: number;
  removed: PartitionStatus["removed"];
}

export function newNotes(now: number): PartitionNotes {
  return {
    progressAt: now,
    isWaiting: false,
    failing: undefined,
    deadLetters: 0,
    removed: undefined,
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

export function noteRemoved(notes: PartitionNotes, records: number, now: number): void {
  notes.removed = { records: (notes.removed?.records ?? 0) + records, at: now };
}

export function statusOf(
  { progressAt, isWaiting, failing, deadLetters, removed }: PartitionNotes,
  isFenced: boolean,
): Pick<PartitionStatus, "progressAt" | "state" | "failing" | "deadLetters" | "removed"> {
  return {
    progressAt,
    state: isFenced ? "fenced" : isWaiting ? "waiting" : failing ? "failing" : "running",
    ...(failing !== undefined && { failing }),
    deadLetters,
    ...(removed !== undefined && { removed }),
  };
}
