import { EcapError } from "../errors/ecap-error.ts";
import type { NewLogRecord } from "../ports/event-log.ts";

export interface Outbox {
  /** The input offset the emits bring the group to. */
  readonly nextOffset: number;
  /** Steps so far. */
  readonly step: number;
  /** No input made the emits, but time: they are the last of the steps. */
  readonly isStep: boolean;
  readonly emits: ReadonlyArray<{ readonly topic: string; readonly record: NewLogRecord }>;
}

/** Topic, key, partition, headers (of the tables; -1: none), timestamp, bytes of the value. */
type StoredRecord = [number, string | null, number | null, number, number, number];

interface StoredHead {
  readonly next: number;
  readonly step: number;
  readonly isStep?: boolean;
  readonly topics: readonly string[];
  readonly headers: ReadonlyArray<Readonly<Record<string, string>>>;
  readonly records: readonly StoredRecord[];
}

/** The length of a JSON head (4 bytes, big-endian), the head, and the values one after the other. */
export function encodeOutbox(outbox: Outbox, maxBytes: number): Uint8Array {
  const { nextOffset, step, isStep, emits } = outbox;
  const topics = new Map<string, number>();
  const headers = new Map<Readonly<Record<string, string>>, number>();
  const records = emits.map(({ topic, record }): StoredRecord => {
    const { key, partition, timestamp, value } = record;
    return [
      place(topics, topic),
      key ?? null,
      partition ?? null,
      record.headers === undefined ? -1 : place(headers, record.headers),
      timestamp,
      value.byteLength,
    ];
  });
  const stored: StoredHead = {
    next: nextOffset,
    step,
    ...(isStep && { isStep }),
    topics: [...topics.keys()],
    headers: [...headers.keys()],
    records,
  };
  const head = new TextEncoder().encode(JSON.stringify(stored));
  const values = records.reduce((sum, [, , , , , length]) => sum + length, 0);
  const size = 4 + head.byteLength + values;
  if (size > maxBytes) throw tooLarge(size, emits.length, maxBytes);
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, head.byteLength);
  bytes.set(head, 4);
  let at = 4 + head.byteLength;
  for (const { record } of emits) {
    bytes.set(record.value, at);
    at += record.value.byteLength;
  }
  return bytes;
}

export function decodeOutbox(bytes: Uint8Array): Outbox {
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + headLength));
  const { next, step, isStep = false, topics, headers, records }: StoredHead = JSON.parse(text);
  let at = 4 + headLength;
  const emits = records.map(([topic, key, partition, headersAt, timestamp, length]) => {
    const value = bytes.slice(at, at + length);
    at += length;
    const record: NewLogRecord = {
      value,
      timestamp,
      ...(key === null ? {} : { key }),
      ...(partition === null ? {} : { partition }),
      ...(headersAt < 0 ? {} : { headers: headers[headersAt] ?? {} }),
    };
    return { topic: topics[topic] ?? "", record };
  });
  return { nextOffset: next, step, isStep, emits };
}

/** The place of the item in the table, where it is put if new. */
function place<T>(table: Map<T, number>, item: T): number {
  const known = table.get(item);
  if (known !== undefined) return known;
  table.set(item, table.size);
  return table.size - 1;
}

function tooLarge(size: number, records: number, maxBytes: number): EcapError {
  return new EcapError(
    "ECAP_BATCH_TOO_LARGE",
    `a commit emits ${records} records of ${size} bytes together; at most ${maxBytes} fit the outbox: process fewer records a batch`,
    { received: size },
  );
}
