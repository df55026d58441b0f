import type { NewLogRecord } from "@ecap/sdk";
import { recordBound } from "../wire/record-batch.ts";
import type { AppendPart, BatchSpan } from "./append-call.ts";
import type { ProducerSession } from "./producer-session.ts";

/** A batch that is, or was, on its way. Sent again it is the same bytes, so that the broker recognises it. */
export interface Batch {
  readonly spans: readonly BatchSpan[];
  readonly count: number;
  readonly bytes: Buffer;
  /** Who it was sent as; undefined before. */
  session: ProducerSession | undefined;
  /** When the oldest of its records came. */
  readonly since: number;
}

/** What waits to be appended to one partition, in order. */
export interface PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  readonly parts: AppendPart[];
  /** Sent, or to be sent again, before any other. */
  batch: Batch | undefined;
  /** Its batch is under way, or waits to be sent again. */
  busy: boolean;
  session: ProducerSession | undefined;
  /** Of the next batch. */
  sequence: number;
  /** Bound of a batch; smaller after the broker found one too large. */
  maxBatchBytes: number;
  backoffMs: number;
}

export interface TakenRecords {
  readonly spans: readonly BatchSpan[];
  readonly records: readonly NewLogRecord[];
  readonly since: number;
}

/** Takes the records of the next batch off the queue: as many as fit, at least one; undefined where none waits. */
export function takeRecords(queue: PartitionQueue): TakenRecords | undefined {
  const { parts } = queue;
  while (parts[0]?.call.settled === true) parts.shift(); // failed by another partition
  const first = parts[0];
  if (first === undefined) return undefined;
  const since = first.call.enqueuedAt;
  if (first.sent === 0 && parts.length === 1 && first.bound <= queue.maxBatchBytes) {
    const { records } = first;
    parts.length = 0;
    first.sent = records.length;
    return { spans: [{ part: first, from: 0, to: records.length }], records, since };
  }
  const spans: BatchSpan[] = [];
  const records: NewLogRecord[] = [];
  let bytes = 0;
  let used = 0;
  for (const part of parts) {
    const from = part.sent;
    while (part.sent < part.records.length) {
      const record = part.records[part.sent] as NewLogRecord;
      bytes += recordBound(record);
      if (records.length > 0 && bytes > queue.maxBatchBytes) break;
      records.push(record);
      part.sent += 1;
    }
    if (part.sent > from) spans.push({ part, from, to: part.sent });
    if (part.sent < part.records.length) break;
    used += 1;
  }
  parts.splice(0, used);
  return { spans, records, since };
}

/** Puts the records of a batch the broker refused back to the front. */
export function putBack(queue: PartitionQueue, { spans }: Batch): void {
  for (const { part, from } of spans.toReversed()) {
    part.sent = from;
    if (queue.parts[0] !== part) queue.parts.unshift(part);
  }
}
