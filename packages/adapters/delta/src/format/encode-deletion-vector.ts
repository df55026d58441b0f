import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { type DeletionVector, deletionVectorPath } from "./deletion-vector.ts";
import { encodeZ85 } from "./z85.ts";

export interface EncodedDeletionVector {
  readonly vector: DeletionVector;
  /** Key of its file, relative to the table. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const magicNumber = 1_681_511_377;
const cookieWithoutRuns = 12_346;
/** Containers of more values than this are bitmaps. */
const maxArraySize = 4_096;
const bitmapBytes = 8_192;
/** The file begins with the version of its format. */
const offset = 1;

/**
 * A deletion vector in a file of its own, for ascending positions below 2^32, which is past the rows of any data file.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-file-storage-format
 */
export function encodeDeletionVector(positions: readonly number[]): EncodedDeletionVector {
  const data = Buffer.concat([words(magicNumber, 1, 0, 0), encodeBitmap(positions)]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(data));
  const vector: DeletionVector = {
    storageType: "u",
    pathOrInlineDv: encodeZ85(randomBytes(16)),
    offset,
    sizeInBytes: data.length,
    cardinality: positions.length,
  };
  const path = deletionVectorPath(vector) ?? "";
  return { vector, path, bytes: Buffer.concat([Buffer.of(1), frame, data, checksum]) };
}

/** @see https://github.com/RoaringBitmap/RoaringFormatSpec */
function encodeBitmap(positions: readonly number[]): Buffer {
  const containers = splitByHigh(positions);
  const bodies = containers.map(({ low }) =>
    low.length > maxArraySize ? bitmap(low) : array(low),
  );
  const headers = array(containers.flatMap(({ high, low }) => [high, low.length - 1]));
  const start = words(cookieWithoutRuns, containers.length);
  let at = start.length + headers.length + containers.length * 4;
  const offsets = bodies.map((body) => {
    const own = at;
    at += body.length;
    return own;
  });
  return Buffer.concat([start, headers, words(...offsets), ...bodies]);
}

interface Container {
  readonly high: number;
  readonly low: number[];
}

function splitByHigh(positions: readonly number[]): readonly Container[] {
  const containers: Container[] = [];
  for (const position of positions) {
    const [high, low] = [position >>> 16, position & 0xffff];
    const open = containers.at(-1);
    if (open?.high === high) open.low.push(low);
    else containers.push({ high, low: [low] });
  }
  return containers;
}

function bitmap(low: readonly number[]): Buffer {
  const bits = Buffer.alloc(bitmapBytes);
  for (const value of low) bits[value >> 3] = (bits[value >> 3] ?? 0) | (1 << (value & 7));
  return bits;
}

function array(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) bytes.writeUInt16LE(value, i * 2);
  return bytes;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * 4);
  return bytes;
}
