/** The bytes of a set of ascending values, written from the format's specification: the least encodings, as runs where asked to. */
export function encodeRoaringBitmap(values: readonly number[], withRuns: boolean): Uint8Array {
  const buckets = groupBy(values, (value) => Math.floor(value / 2 ** 32));
  return Buffer.concat([
    uint32(1_681_511_377),
    uint32(buckets.size),
    uint32(0),
    ...[...buckets].flatMap(([high, members]) => [
      uint32(high),
      encodeBucket(
        members.map((value) => value % 2 ** 32),
        withRuns,
      ),
    ]),
  ]);
}

/** The older form, for values below 2^32. */
export function encodeNativeBitmap(values: readonly number[]): Uint8Array {
  const bucket = encodeBucket(values, false);
  return Buffer.concat([uint32(1_681_511_376), uint32(1), uint32(bucket.length), bucket]);
}

function encodeBucket(values: readonly number[], withRuns: boolean): Buffer {
  const containers = [...groupBy(values, (value) => value >>> 16)].map(([key, members]) => ({
    key,
    low: members.map((value) => value & 0xffff),
  }));
  const size = containers.length;
  const bodies = containers.map(({ low }) => (withRuns ? runs(low) : arrayOrBitmap(low)));
  const headers = containers.flatMap(({ key, low }) => [uint16(key), uint16(low.length - 1)]);
  const start = withRuns
    ? [uint32(12_347 | ((size - 1) << 16)), Buffer.alloc((size + 7) >> 3, 0xff)]
    : [uint32(12_346), uint32(size)];
  const hasOffsets = !withRuns || size >= 4;
  // Readers that go through all containers need no offsets, so none are worked out.
  return Buffer.concat([...start, ...headers, Buffer.alloc(hasOffsets ? size * 4 : 0), ...bodies]);
}

function arrayOrBitmap(low: readonly number[]): Buffer {
  if (low.length <= 4_096) return Buffer.concat(low.map(uint16));
  const bits = Buffer.alloc(8_192);
  for (const value of low) bits[value >> 3] = (bits[value >> 3] ?? 0) | (1 << (value & 7));
  return bits;
}

function runs(low: readonly number[]): Buffer {
  const found: Array<[first: number, last: number]> = [];
  for (const value of low) {
    const current = found.at(-1);
    if (current && current[1] === value - 1) current[1] = value;
    else found.push([value, value]);
  }
  const parts = found.flatMap(([first, last]) => [uint16(first), uint16(last - first)]);
  return Buffer.concat([uint16(found.length), ...parts]);
}

function groupBy(
  values: readonly number[],
  keyOf: (value: number) => number,
): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
