import type { NewLogRecord } from "../ports/event-log.ts";
import type { Row } from "../ports/table-store.ts";

/** What a sink has taken in and not written yet. */
export interface Batch {
  /** Records that are no events. */
  readonly letters: NewLogRecord[];
  readonly bronze: Row[];
  readonly typed: Map<string, Row[]>;
  /** Offset after the last record taken in, by partition. */
  readonly next: Map<number, number>;
  rows: number;
  bytes: number;
  startedAt: number;
}

export function newBatch(startedAt: number): Batch {
  const [typed, next] = [new Map<string, Row[]>(), new Map<number, number>()];
  return { letters: [], bronze: [], typed, next, rows: 0, bytes: 0, startedAt };
}

/** Both, the first one in front. */
export function joined(first: Batch, second: Batch): Batch {
  const typed = new Map(first.typed);
  for (const [name, rows] of second.typed) typed.set(name, [...(typed.get(name) ?? []), ...rows]);
  return {
    letters: [...first.letters, ...second.letters],
    bronze: [...first.bronze, ...second.bronze],
    typed,
    next: new Map([...first.next, ...second.next]),
    rows: first.rows + second.rows,
    bytes: first.bytes + second.bytes,
    startedAt: first.startedAt,
  };
}
