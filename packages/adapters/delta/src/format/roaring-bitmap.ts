/** Numbers of 16 bits that share their higher bits, in one of three encodings. */
interface Container {
  readonly count: number;
  readonly greatest: number;
  values(): Iterable<number>;
}

/** A set of whole numbers below 2^53. */
export interface RoaringBitmap {
  readonly count: number;
  /** -1 where there is none. */
  readonly greatest: number;
  /** Ascending. */
  values(): Iterable<number>;
}

/** Marks the form that the protocol specifies. */
const portableNumber = 1_681_511_377;
/** Marks the form before it, which Delta's own readers still take: buckets without gaps, each with its size instead of its key. */
const nativeNumber = 1_681_511_376;
const cookieWithRuns = 12_347;
const cookieWithoutRuns = 12_346;
/** With fewer containers than this a bitmap that has runs leaves the offsets out. */
const offsetThreshold = 4;
/** Containers of more values than this are bitmaps. */
const maxArraySize = 4_096;
const bitmapWords = 2_048;
/** Higher halves of numbers that JavaScript keeps exactly. */
const maxHigh = 2 ** 21;

/**
 * Decodes a deletion vector's bytes. All is checked here, so that the values can be walked without an error.
 * Throws a TypeError or RangeError where the bytes are no such bitmap.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format
 * @see https://github.com/RoaringBitmap/RoaringFormatSpec
 */
export function decodeRoaringBitmap(bytes: Uint8Array): RoaringBitmap {
  const reader = new Reader(bytes);
  const containers = readContainers(reader);
  return {
    count: containers.reduce((sum, container) => sum + container.count, 0),
    greatest: containers.at(-1)?.greatest ?? -1,
    *values() {
      for (const container of containers) yield* container.values();
    },
  };
}

function readContainers(reader: Reader): Container[] {
  const form = reader.uint32();
  if (form !== portableNumber && form !== nativeNumber) {
    throw new TypeError("it is not a RoaringBitmapArray");
  }
  const containers: Container[] = [];
  const buckets = form === portableNumber ? reader.uint64() : reader.uint32();
  for (let i = 0, last = -1; i < buckets; i++) {
    const keyOrSize = reader.uint32();
    const high = form === portableNumber ? keyOrSize : i;
    if (high <= last || high >= maxHigh) throw new TypeError(`bucket ${high} is out of order`);
    last = high;
    containers.push(...readBucket(reader, high * 2 ** 32));
  }
  return containers;
}

function readBucket(reader: Reader, base: number): Container[] {
  const cookie = reader.uint32();
  const hasRuns = (cookie & 0xffff) === cookieWithRuns;
  if (!hasRuns && cookie !== cookieWithoutRuns) throw new TypeError(`cookie ${cookie} is unknown`);
  const size = hasRuns ? (cookie >>> 16) + 1 : reader.uint32();
  if (size > 0x10000) throw new TypeError(`a bucket of ${size} containers`);
  const runs = hasRuns ? reader.bytes((size + 7) >> 3) : new Uint8Array();
  const headers = Array.from({ length: size }, () => ({
    key: reader.uint16(),
    count: reader.uint16() + 1,
  }));
  if (!hasRuns || size >= offsetThreshold) reader.bytes(size * 4);
  return headers.map(({ key, count }, i) => {
    const before = headers[i - 1]?.key ?? -1;
    if (key <= before) throw new TypeError(`container ${key} is out of order`);
    const start = base + key * 0x10000;
    if (((runs[i >> 3] ?? 0) >> (i & 7)) & 1) return runContainer(reader, start, count);
    return count > maxArraySize
      ? bitmapContainer(reader, start, count)
      : arrayContainer(reader, start, count);
  });
}

function runContainer(reader: Reader, start: number, count: number): Container {
  const runs = Array.from({ length: reader.uint16() }, () => ({
    first: reader.uint16(),
    length: reader.uint16() + 1,
  }));
  let end = 0;
  for (const { first, length } of runs) {
    if (first < end || first + length > 0x10000) throw new TypeError("runs are out of order");
    end = first + length;
  }
  checkCount(
    runs.reduce((sum, { length }) => sum + length, 0),
    count,
  );
  return {
    count,
    greatest: start + end - 1,
    *values() {
      for (const { first, length } of runs) {
        for (let i = 0; i < length; i++) yield start + first + i;
      }
    },
  };
}

function arrayContainer(reader: Reader, start: number, count: number): Container {
  const values = Uint16Array.from({ length: count }, () => reader.uint16());
  if (values.some((value, i) => i > 0 && value <= (values[i - 1] ?? 0))) {
    throw new TypeError("an array container is out of order");
  }
  return {
    count,
    greatest: start + (values.at(-1) ?? 0),
    *values() {
      for (const value of values) yield start + value;
    },
  };
}

function bitmapContainer(reader: Reader, start: number, count: number): Container {
  const words = Uint32Array.from({ length: bitmapWords }, () => reader.uint32());
  checkCount(
    words.reduce((sum, word) => sum + bitCount(word), 0),
    count,
  );
  const last = words.findLastIndex((word) => word !== 0);
  return {
    count,
    greatest: start + last * 32 + (31 - Math.clz32(words[last] ?? 0)),
    *values() {
      for (const [i, word] of words.entries()) {
        for (let bits = word; bits !== 0; bits &= bits - 1) {
          yield start + i * 32 + (31 - Math.clz32(bits & -bits));
        }
      }
    },
  };
}

function checkCount(found: number, said: number): void {
  if (found !== said) throw new TypeError(`a container holds ${found} values, not ${said}`);
}

function bitCount(word: number): number {
  let count = 0;
  for (let bits = word; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** Little-endian numbers one after another; past the end is a RangeError. */
class Reader {
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint16(): number {
    this.at += 2;
    return this.view.getUint16(this.at - 2, true);
  }

  uint32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  /** Exact only below 2^53; a count past that runs into the end of the bytes all the same. */
  uint64(): number {
    return this.uint32() + this.uint32() * 2 ** 32;
  }

  bytes(length: number): Uint8Array {
    if (this.at + length > this.view.byteLength) throw new RangeError("the bytes end too early");
    this.at += length;
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.at - length, length);
  }
}
