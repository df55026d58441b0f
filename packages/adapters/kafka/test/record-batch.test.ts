import type { LogRecord, NewLogRecord } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compressionNumber } from "../src/wire/compression.ts";
import { crc32c } from "../src/wire/crc32c.ts";
import { encodeBatch, recordBound, stampBatch } from "../src/wire/record-batch.ts";
import { type AbortedTransaction, recordCursor } from "../src/wire/record-cursor.ts";

interface BatchOptions {
  readonly baseOffset?: number;
  readonly producerId?: bigint;
  readonly transactional?: boolean;
  readonly control?: boolean;
  readonly compression?: "none" | "gzip";
}

/** A batch as a broker gives it back. */
async function batch(
  records: readonly NewLogRecord[],
  options: BatchOptions = {},
): Promise<Buffer> {
  const { baseOffset = 0, producerId = 1n, transactional = false, compression = "none" } = options;
  const bytes = await encodeBatch(records, compressionNumber(compression));
  stampBatch(bytes, { producerId, producerEpoch: 0, sequence: 0, transactional });
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  if (options.control === true) {
    bytes.writeInt16BE(bytes.readInt16BE(21) | 0x20, 21);
    bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  }
  return bytes;
}

const record = (text: string): NewLogRecord => ({ value: Buffer.from(text), timestamp: 1 });

async function readAll(
  bytes: Buffer,
  { from = 0, aborted = [] as AbortedTransaction[], maxRecords = 1_000, maxBytes = 1e9 } = {},
): Promise<LogRecord[]> {
  const cursor = recordCursor({ topic: "t", partition: 0, from, bytes, aborted });
  const all: LogRecord[] = [];
  for (;;) {
    const taken = await cursor.take({ maxRecords, maxBytes });
    if (taken.length === 0) return all;
    expect(taken.length).toBeLessThanOrEqual(maxRecords);
    all.push(...taken);
  }
}

const texts = (records: readonly LogRecord[]): string[] =>
  records.map(({ value }) => Buffer.from(value).toString());

describe("record batches", () => {
  it("have the checksum of Kafka", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(0))).toBe(0);
  });

  it("give back any records, compressed or not, in steps of any size", async () => {
    const any = fc.record(
      {
        key: fc.string({ unit: "binary", maxLength: 200 }),
        value: fc.uint8Array({ maxLength: 300 }),
        headers: fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ maxLength: 100 })),
        timestamp: fc.integer({ min: -1e12, max: 4e12 }),
      },
      { requiredKeys: ["value", "timestamp"] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(any, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom("none", "gzip"),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 500 }),
        async (batches, compression, maxRecords, maxBytes) => {
          const encoded: Buffer[] = [];
          let baseOffset = 1_000;
          for (const records of batches) {
            encoded.push(await batch(records, { baseOffset, compression }));
            baseOffset += records.length;
          }
          const bytes = Buffer.concat(encoded);
          const found = await readAll(bytes, { from: 1_000, maxRecords, maxBytes });
          expect(
            found.map(({ key, value, headers, timestamp, offset }) => {
              return { key, value: [...value], headers, timestamp, offset };
            }),
          ).toEqual(
            batches.flat().map(({ key, value, headers = {}, timestamp }, i) => {
              return {
                key,
                value: [...value],
                headers: { ...headers },
                timestamp,
                offset: 1_000 + i,
              };
            }),
          );
          for (const records of batches) {
            const plain = await encodeBatch(records, 0);
            const bound = records.reduce((sum, each) => sum + recordBound(each), 61);
            expect(plain.length).toBeLessThanOrEqual(bound);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("begin at the offset asked for, and end with the last whole one", async () => {
    const first = await batch([record("a"), record("b"), record("c")], { baseOffset: 10 });
    const second = await batch([record("d")], { baseOffset: 13 });
    const bytes = Buffer.concat([first, second, first.subarray(0, first.length - 1)]);
    expect(texts(await readAll(bytes, { from: 11 }))).toEqual(["b", "c", "d"]);
    const cursor = recordCursor({ topic: "t", partition: 0, from: 11, bytes, aborted: [] });
    expect(cursor.end).toBe(14);
  });

  it("leave out markers and aborted transactions, of several producers at once", async () => {
    const parts = [
      await batch([record("a1")], { baseOffset: 0, producerId: 1n, transactional: true }),
      await batch([record("b1")], { baseOffset: 1, producerId: 2n, transactional: true }),
      await batch([record("plain")], { baseOffset: 2, producerId: 3n }),
      await batch([record("commit of 2")], {
        baseOffset: 3,
        producerId: 2n,
        transactional: true,
        control: true,
      }),
      await batch([record("a2")], { baseOffset: 4, producerId: 1n, transactional: true }),
      await batch([record("abort of 1")], {
        baseOffset: 5,
        producerId: 1n,
        transactional: true,
        control: true,
      }),
      await batch([record("a3")], { baseOffset: 6, producerId: 1n, transactional: true }),
      await batch([record("commit of 1")], {
        baseOffset: 7,
        producerId: 1n,
        transactional: true,
        control: true,
      }),
    ];
    const bytes = Buffer.concat(parts);
    const aborted = [{ producerId: 1n, firstOffset: 0 }];
    expect(texts(await readAll(bytes, { aborted }))).toEqual(["b1", "plain", "a3"]);
    // Of an answer with nothing else the end says where to go on.
    const markers = Buffer.concat(parts.slice(4, 6));
    const cursor = recordCursor({ topic: "t", partition: 0, from: 4, bytes: markers, aborted });
    expect(await cursor.take({ maxRecords: 10, maxBytes: 100 })).toEqual([]);
    expect(cursor.end).toBe(6);
  });

  it("say that they were damaged", async () => {
    const bytes = await batch([record("a")]);
    bytes[bytes.length - 2] = 0xff;
    await expect(readAll(bytes)).rejects.toMatchObject({
      code: "ECAP_STORAGE_CORRUPT",
      message: "a batch of t/0 does not match its checksum",
    });
  });

  it("keep no hold on the bytes they were given", async () => {
    const value = Buffer.from("before");
    const bytes = await batch([{ value, timestamp: 1 }]);
    value.fill(0);
    expect(texts(await readAll(bytes))).toEqual(["before"]);
  });
});
