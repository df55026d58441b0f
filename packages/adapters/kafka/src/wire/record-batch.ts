import type { NewLogRecord } from "@ecap/sdk";
import { codecOf } from "./compression.ts";
import { crc32c } from "./crc32c.ts";

/** Where the fields of a record batch (format 2) are. @see https://kafka.apache.org/39/documentation.html#recordbatch */
export const batchLayout = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

export const batchFlags = { codec: 0x07, transactional: 0x10, control: 0x20 } as const;

export interface ProducerStamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly sequence: number;
  readonly transactional: boolean;
}

type Headers = NonNullable<NewLogRecord["headers"]>;

/** A most a record takes beside its key, value and headers. */
const frameBytes = 40;

/** A bound of what the record takes in a batch. */
export function recordBound(record: NewLogRecord): number {
  const keyBytes = record.key === undefined ? 0 : record.key.length * 3;
  return frameBytes + keyBytes + record.value.byteLength + headersBound(record.headers);
}

/** The records as one batch, not yet {@link stampBatch stamped}. Holds no reference to their bytes. */
export async function encodeBatch(
  records: readonly NewLogRecord[],
  compression: number,
): Promise<Buffer> {
  const codec = codecOf(compression);
  const plain = encodePlain(records);
  if (codec === undefined) return plain;
  const packed = await codec.compress(plain.subarray(batchLayout.records));
  const batch = Buffer.concat([plain.subarray(0, batchLayout.records), packed]);
  batch.writeInt32BE(batch.length - 12, batchLayout.length);
  batch.writeInt16BE(compression, batchLayout.attributes);
  return batch;
}

/** Says in the batch who sends it, and seals it with its checksum; may be done again. */
export function stampBatch(batch: Buffer, stamp: ProducerStamp): void {
  const { codec, transactional } = batchFlags;
  const attributes = batch.readInt16BE(batchLayout.attributes) & codec;
  batch.writeInt16BE(attributes | (stamp.transactional ? transactional : 0), 21);
  batch.writeBigInt64BE(stamp.producerId, batchLayout.producerId);
  batch.writeInt16BE(stamp.producerEpoch, batchLayout.producerEpoch);
  batch.writeInt32BE(stamp.sequence, batchLayout.baseSequence);
  batch.writeUInt32BE(crc32c(batch.subarray(batchLayout.attributes)), batchLayout.crc);
}

function encodePlain(records: readonly NewLogRecord[]): Buffer {
  const headerSets = new Map<Headers, Buffer>();
  let bound: number = batchLayout.records;
  let base = Infinity;
  let max = -Infinity;
  for (const record of records) {
    bound += recordBound(record);
    const timestamp = Math.trunc(record.timestamp);
    if (timestamp < base) base = timestamp;
    if (timestamp > max) max = timestamp;
  }
  const bytes = Buffer.allocUnsafe(bound);
  let at: number = batchLayout.records;
  let previous: Headers | undefined;
  let headers: Buffer = noHeaders;
  for (let i = 0; i < records.length; i += 1) {
    const record = records[i] as NewLogRecord;
    if (record.headers !== previous) {
      previous = record.headers;
      headers = previous === undefined ? noHeaders : headerBytes(headerSets, previous);
    }
    at = writeRecord(bytes, at, record, { index: i, base, headers });
  }
  bytes.fill(0, 0, batchLayout.records);
  bytes.writeInt32BE(at - 12, batchLayout.length);
  bytes.writeInt8(2, batchLayout.magic);
  bytes.writeInt32BE(records.length - 1, batchLayout.lastOffsetDelta);
  bytes.writeBigInt64BE(BigInt(base), batchLayout.baseTimestamp);
  bytes.writeBigInt64BE(BigInt(max), batchLayout.maxTimestamp);
  bytes.writeInt32BE(records.length, batchLayout.count);
  return bytes.subarray(0, at);
}

function writeRecord(
  bytes: Buffer,
  start: number,
  record: NewLogRecord,
  place: { readonly index: number; readonly base: number; readonly headers: Buffer },
): number {
  const { key, value } = record;
  const { index, base, headers } = place;
  const delta = Math.trunc(record.timestamp) - base;
  const keyLength = key === undefined ? -1 : Buffer.byteLength(key);
  const valueLength = value.byteLength;
  const length =
    1 +
    varintSize(delta) +
    varintSize(index) +
    varintSize(keyLength) +
    Math.max(keyLength, 0) +
    varintSize(valueLength) +
    valueLength +
    headers.length;
  let at = writeVarint(bytes, start, length);
  bytes[at] = 0;
  at = writeVarint(bytes, at + 1, delta);
  at = writeVarint(bytes, at, index);
  at = writeVarint(bytes, at, keyLength);
  if (key !== undefined && keyLength > 0) at += bytes.write(key, at, keyLength);
  at = writeVarint(bytes, at, valueLength);
  bytes.set(value, at);
  at += valueLength;
  bytes.set(headers, at);
  return at + headers.length;
}

const noHeaders = Buffer.from([0]);

function headerBytes(known: Map<Headers, Buffer>, headers: Headers): Buffer {
  const made = known.get(headers);
  if (made !== undefined) return made;
  const entries = Object.entries(headers);
  const bytes = Buffer.allocUnsafe(headersBound(headers));
  let at = writeVarint(bytes, 0, entries.length);
  for (const pair of entries) {
    for (const text of pair) {
      const length = Buffer.byteLength(text);
      at = writeVarint(bytes, at, length);
      at += bytes.write(text, at, length);
    }
  }
  const encoded = bytes.subarray(0, at);
  known.set(headers, encoded);
  return encoded;
}

const bounds = new WeakMap<Headers, number>();

function headersBound(headers: Headers | undefined): number {
  if (headers === undefined) return 1;
  const known = bounds.get(headers);
  if (known !== undefined) return known;
  let bound = 5;
  for (const [name, value] of Object.entries(headers))
    bound += 10 + 3 * (name.length + value.length);
  bounds.set(headers, bound);
  return bound;
}

/** Of a zigzag varint; exact for every integer up to 2^52. */
function varintSize(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  for (; rest > 0x7f; size += 1) rest = Math.floor(rest / 128);
  return size;
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let at = start;
  for (; rest > 0x7f; at += 1) {
    bytes[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[at] = rest;
  return at + 1;
}
