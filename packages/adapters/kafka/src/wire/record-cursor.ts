import { EcapError, type LogRecord } from "@ecap/sdk";
import { codecOf } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { batchFlags, batchLayout } from "./record-batch.ts";

/** A transaction that was given up: its records from `firstOffset` up to its marker do not count. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** What a broker answered for one partition. */
export interface FetchedBatches {
  readonly topic: string;
  readonly partition: number;
  /** The offset that was asked for; batches may begin before it. */
  readonly from: number;
  /** Batches one after the other, the last maybe cut off. */
  readonly bytes: Buffer;
  readonly aborted: readonly AbortedTransaction[];
}

export interface TakeLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

export interface RecordCursor {
  /** The offset to fetch from when this is used up. */
  readonly end: number;
  /** The next records within the limits, at least one; none when it is used up. Their values are views of the answer's memory. */
  take(limits: TakeLimits): Promise<LogRecord[]>;
}

interface OpenBatch {
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  readonly count: number;
  /** The records, unpacked. */
  readonly bytes: Buffer;
}

/**
 * Goes through fetched batches record by record: leaves out transaction markers, records of aborted transactions and those before the
 * offset asked for, and checks each batch's checksum.
 */
export function recordCursor(fetched: FetchedBatches): RecordCursor {
  const { topic, partition, from, bytes } = fetched;
  const isAborted = abortedFilter(fetched.aborted);
  let nextBatch = 0;
  let open: OpenBatch | undefined;
  let done = 0;
  let at = 0;
  let headers: Readonly<Record<string, string>> = noHeaders;
  let headerBytes: Buffer = emptyHeaders;

  async function openNext(): Promise<boolean> {
    while (isWhole(bytes, nextBatch)) {
      const start = nextBatch;
      const end = start + 12 + bytes.readInt32BE(start + batchLayout.length);
      nextBatch = end;
      const batch = bytes.subarray(start, end);
      assertSound(batch, topic, partition);
      const skip = isAborted(batch);
      if (skip || lastOffsetOf(batch) < from) continue;
      const codec = codecOf(batch.readInt16BE(batchLayout.attributes) & batchFlags.codec);
      const packed = batch.subarray(batchLayout.records);
      open = {
        baseOffset: Number(batch.readBigInt64BE(0)),
        baseTimestamp: Number(batch.readBigInt64BE(batchLayout.baseTimestamp)),
        count: batch.readInt32BE(batchLayout.count),
        bytes: codec === undefined ? packed : await codec.decompress(packed),
      };
      done = 0;
      at = 0;
      return true;
    }
    open = undefined;
    return false;
  }

  /** Reads one varint at `at`. */
  function varint(source: Buffer): number {
    let byte = source[at] as number;
    at += 1;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let scale = 128; ; scale *= 128) {
      byte = source[at] as number;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  function readHeaders(source: Buffer, end: number): Readonly<Record<string, string>> {
    if (source[at] === 0) return noHeaders;
    // Neighbours mostly carry the same headers: equal bytes are read once.
    const sameLength = headerBytes.length === end - at;
    if (sameLength && source.compare(headerBytes, 0, headerBytes.length, at, end) === 0) {
      return headers;
    }
    headerBytes = source.subarray(at, end);
    const entries: Array<[string, string]> = [];
    for (let left = varint(source); left > 0; left -= 1) {
      const name = text(source, varint(source)) ?? "";
      entries.push([name, text(source, varint(source)) ?? ""]);
    }
    headers = Object.freeze(Object.fromEntries(entries));
    return headers;
  }

  function text(source: Buffer, length: number): string | undefined {
    if (length < 0) return undefined;
    at += length;
    return source.toString("utf8", at - length, at);
  }

  function readRecord(batch: OpenBatch): LogRecord {
    const source = batch.bytes;
    const length = varint(source);
    const end = at + length;
    at += 1;
    const timestamp = batch.baseTimestamp + varint(source);
    const offset = batch.baseOffset + varint(source);
    const key = text(source, varint(source));
    const valueLength = Math.max(varint(source), 0);
    const value = source.subarray(at, at + valueLength);
    at += valueLength;
    const record = {
      topic,
      partition,
      offset,
      key,
      value,
      headers: readHeaders(source, end),
      timestamp,
    };
    at = end;
    done += 1;
    return record;
  }

  return {
    end: endOf(fetched),
    async take({ maxRecords, maxBytes }) {
      const taken: LogRecord[] = [];
      let size = 0;
      while (taken.length < maxRecords) {
        if (open === undefined || done >= open.count) {
          if (!(await openNext())) break;
        }
        if (open === undefined || done >= open.count) continue;
        const before = at;
        const record = readRecord(open);
        if (record.offset < from) continue;
        size += record.value.length;
        if (taken.length > 0 && size > maxBytes) {
          at = before;
          done -= 1;
          break;
        }
        taken.push(record);
      }
      return taken;
    },
  };
}

export interface BatchHead {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly control: boolean;
  readonly transactional: boolean;
}

/** The head of the first batch of an answer, which may be cut off after it; undefined where not even that is there. */
export function firstBatchHead(bytes: Buffer): BatchHead | undefined {
  if (bytes.length < batchLayout.records) return undefined;
  const attributes = bytes.readInt16BE(batchLayout.attributes);
  return {
    baseOffset: Number(bytes.readBigInt64BE(0)),
    lastOffset: lastOffsetOf(bytes),
    producerId: bytes.readBigInt64BE(batchLayout.producerId),
    control: (attributes & batchFlags.control) !== 0,
    transactional: (attributes & batchFlags.transactional) !== 0,
  };
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});
const emptyHeaders = Buffer.alloc(0);

function isWhole(bytes: Buffer, start: number): boolean {
  if (bytes.length - start < batchLayout.records) return false;
  return bytes.length - start >= 12 + bytes.readInt32BE(start + batchLayout.length);
}

function lastOffsetOf(batch: Buffer): number {
  return Number(batch.readBigInt64BE(0)) + batch.readInt32BE(batchLayout.lastOffsetDelta);
}

/** One past the last whole batch. */
function endOf({ bytes, from }: FetchedBatches): number {
  let end = from;
  for (let at = 0; isWhole(bytes, at); at += 12 + bytes.readInt32BE(at + batchLayout.length)) {
    end = Math.max(end, lastOffsetOf(bytes.subarray(at)) + 1);
  }
  return end;
}

/** Tells of each batch in turn whether it holds nothing that counts. */
function abortedFilter(transactions: readonly AbortedTransaction[]): (batch: Buffer) => boolean {
  const waiting = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const aborted = new Set<bigint>();
  return (batch) => {
    const attributes = batch.readInt16BE(batchLayout.attributes);
    if ((attributes & (batchFlags.control | batchFlags.transactional)) === 0) return false;
    const last = lastOffsetOf(batch);
    const producerId = batch.readBigInt64BE(batchLayout.producerId);
    while (waiting[0] !== undefined && waiting[0].firstOffset <= last) {
      aborted.add(waiting[0].producerId);
      waiting.shift();
    }
    if ((attributes & batchFlags.control) !== 0) {
      // A marker of either kind ends the transaction; only of an aborted one the producer is in the set.
      aborted.delete(producerId);
      return true;
    }
    return aborted.has(producerId);
  };
}

function assertSound(batch: Buffer, topic: string, partition: number): void {
  const magic = batch.readInt8(batchLayout.magic);
  const sound =
    magic === 2 &&
    batch.readUInt32BE(batchLayout.crc) === crc32c(batch.subarray(batchLayout.attributes));
  if (sound) return;
  throw new EcapError(
    "ECAP_STORAGE_CORRUPT",
    `a batch of ${topic}/${partition} ${magic === 2 ? "does not match its checksum" : `has the old format ${magic}`}`,
    { received: { topic, partition, offset: Number(batch.readBigInt64BE(0)) } },
  );
}
