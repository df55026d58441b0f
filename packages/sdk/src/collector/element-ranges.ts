/** Where each element of a JSON array begins and ends, as pairs of byte positions, and how deep each nests. */
export interface ElementRanges {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly depths: readonly number[];
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const opens = (byte: number | undefined): boolean => byte === 0x7b || byte === 0x5b;
const closes = (byte: number | undefined): boolean => byte === 0x7d || byte === 0x5d;
const utf8 = new TextDecoder();

/**
 * Finds the elements of the body's array without parsing them, so that the bytes of each can be kept as they came: the body itself where it is an
 * array, or the value of its top-level key `key`; a body that has neither is one element. Undefined where brackets and quotes do not match.
 */
export function elementRanges(bytes: Uint8Array, key: string): ElementRanges | undefined {
  const start = skipSpace(bytes, 0);
  if (bytes[start] === 0x5b) return arrayElements(bytes, start);
  const array = bytes[start] === 0x7b ? findArray(bytes, start, key) : undefined;
  if (array !== undefined) return array === "broken" ? undefined : array;
  const whole = skipValue(bytes, start);
  return whole === undefined
    ? undefined
    : { starts: [start], ends: [whole.end], depths: [whole.depth] };
}

interface ArrayElements extends ElementRanges {
  /** Position after the closing bracket. */
  readonly end: number;
}

/** The elements of the array under the key; of the last one where the key repeats, as JSON.parse has it. */
function findArray(
  bytes: Uint8Array,
  start: number,
  key: string,
): ArrayElements | "broken" | undefined {
  let found: ArrayElements | "broken" | undefined;
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] === quote) {
    const keyEnd = skipString(bytes, at);
    if (keyEnd === undefined) return found;
    const isKey = nameAt(bytes, at, keyEnd) === key;
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== colon) return found;
    at = skipSpace(bytes, at + 1);
    // The elements are found on the way past the array, so that a body is gone through once.
    const elements = isKey && bytes[at] === 0x5b ? arrayElements(bytes, at) : undefined;
    if (isKey) found = elements ?? (bytes[at] === 0x5b ? "broken" : undefined);
    const value = elements ?? skipValue(bytes, at);
    if (value === undefined) return found;
    at = skipSpace(bytes, value.end);
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
  }
  return found;
}

function arrayElements(bytes: Uint8Array, start: number): ArrayElements | undefined {
  const starts: number[] = [];
  const ends: number[] = [];
  const depths: number[] = [];
  let at = skipSpace(bytes, start + 1);
  while (at < bytes.length && bytes[at] !== 0x5d) {
    const value = skipValue(bytes, at);
    if (value === undefined || value.end === at) return undefined;
    starts.push(at);
    ends.push(value.end);
    depths.push(value.depth);
    at = skipSpace(bytes, value.end);
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1);
    else if (bytes[at] !== 0x5d) return undefined;
  }
  return at < bytes.length ? { starts, ends, depths, end: at + 1 } : undefined;
}

function skipValue(
  bytes: Uint8Array,
  start: number,
): { readonly end: number; readonly depth: number } | undefined {
  if (bytes[start] === quote) {
    const end = skipString(bytes, start);
    return end === undefined ? undefined : { end, depth: 0 };
  }
  if (!opens(bytes[start])) return { end: skipScalar(bytes, start), depth: 0 };
  let depth = 0;
  let deepest = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) {
      const end = skipString(bytes, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (opens(byte)) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (closes(byte)) {
      depth -= 1;
      if (depth === 0) return { end: at + 1, depth: deepest };
    }
  }
  return undefined;
}

function skipScalar(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== comma && !closes(bytes[at]) && !isSpace(bytes[at]))
    at += 1;
  return at;
}

function skipString(bytes: Uint8Array, start: number): number | undefined {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === backslash) at += 1;
    else if (byte === quote) return at + 1;
  }
  return undefined;
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function nameAt(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return JSON.parse(utf8.decode(bytes.subarray(start, end))) as string;
  } catch {
    return undefined;
  }
}
