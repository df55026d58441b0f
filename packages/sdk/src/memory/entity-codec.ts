import type { Bucket, EntityWindows } from "./entity-windows.ts";

/** An entity as a store keeps it. */
export interface StoredEntity {
  readonly key: string;
  readonly windows: EntityWindows;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * An entity as bytes: how many numbers, the numbers as doubles, and after them all texts as one in UTF-8, of which the numbers say the lengths. Made for
 * every payment of every card, so it has no names of members and nothing to parse.
 */
export function encodeEntity({ key, windows: entity, expiresAt }: StoredEntity): Uint8Array {
  const { latest, horizonMs, prunedAt, windows } = entity;
  const numbers = [key.length, expiresAt, latest, horizonMs, prunedAt, windows.size];
  let text = key;
  for (const [name, { keepMs, bucketMs, indexes, buckets }] of windows) {
    text += name;
    numbers.push(name.length, keepMs, bucketMs, buckets.length);
    for (let i = 0; i < buckets.length; i += 1) {
      const bucket = buckets[i] ?? 0;
      numbers.push(indexes[i] ?? 0);
      if (typeof bucket === "number") numbers.push(-1, bucket);
      else if (typeof bucket === "string") {
        text += bucket;
        numbers.push(1, bucket.length);
      } else {
        numbers.push(bucket.size);
        for (const each of bucket) {
          text += each;
          numbers.push(each.length);
        }
      }
    }
  }
  const texts = encoder.encode(text);
  const end = 8 * (numbers.length + 1);
  const bytes = new Uint8Array(end + texts.length);
  const doubles = new Float64Array(bytes.buffer, 0, numbers.length + 1);
  doubles[0] = numbers.length;
  doubles.set(numbers, 1);
  bytes.set(texts, end);
  return bytes;
}

/** The bytes may lie anywhere; nothing of them is kept. */
export function decodeEntity(stored: Uint8Array): StoredEntity {
  // A copy, since doubles have to begin at a multiple of eight.
  const bytes = new Uint8Array(stored);
  const count = new Float64Array(bytes.buffer, 0, 1)[0] ?? 0;
  const numbers = new Float64Array(bytes.buffer, 8, count);
  const text = decoder.decode(bytes.subarray(8 * (count + 1)));
  let [at, textAt] = [0, 0];
  const number = (): number => numbers[at++] ?? Number.NaN;
  const texts = (length: number): string => text.slice(textAt, (textAt += length));

  const key = texts(number());
  const expiresAt = number();
  const windows: EntityWindows["windows"] = new Map();
  const entity = { latest: number(), horizonMs: number(), prunedAt: number(), windows };
  for (let left = number(); left > 0; left -= 1) {
    const name = texts(number());
    const window = {
      keepMs: number(),
      bucketMs: number(),
      indexes: [] as number[],
      buckets: [] as Bucket[],
    };
    for (let buckets = number(); buckets > 0; buckets -= 1) {
      window.indexes.push(number());
      const size = number();
      window.buckets.push(size < 0 ? number() : size === 1 ? texts(number()) : setOf(size));
    }
    windows.set(name, window);
  }
  return { key, expiresAt, windows: entity };

  function setOf(size: number): Set<string> {
    const set = new Set<string>();
    for (let left = size; left > 0; left -= 1) set.add(texts(number()));
    return set;
  }
}
