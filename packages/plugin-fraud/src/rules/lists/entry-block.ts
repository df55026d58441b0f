import { randomInt } from "node:crypto";
import type { ListLookup } from "../language/index.ts";

/** From when until when (epoch milliseconds) an entry counts; null: until it is removed. */
export type Term = readonly [from: number, until: number | null];

/** Entries of one block as they are stored, by value. */
export type StoredBlock = Readonly<Record<string, Term>>;

const seed = randomInt(2 ** 32);

/**
 * Entries packed for looking up: a hash of 53 bits, beginning and end each, 24 bytes an entry and sorted by hash. Two values of one hash within a
 * block of a thousand have a chance of 1 in 10^13 a look-up, and nobody can make them, as the hash is seeded by chance.
 */
export function packBlock(stored: StoredBlock): ListLookup {
  const values = Object.keys(stored);
  const own = Float64Array.from(values, (value) => hash53(value, seed));
  const order = Array.from(values, (_, i) => i).toSorted((a, b) => (own[a] ?? 0) - (own[b] ?? 0));
  const termAt = (i: number): Term => stored[values[i] ?? ""] ?? [Infinity, null];
  const hashes = Float64Array.from(order, (i) => own[i] ?? 0);
  const froms = Float64Array.from(order, (i) => termAt(i)[0]);
  const untils = Float64Array.from(order, (i) => termAt(i)[1] ?? Infinity);
  return {
    has(value, at) {
      const hash = hash53(value, seed);
      let low = 0;
      let high = hashes.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((hashes[middle] ?? 0) < hash) low = middle + 1;
        else high = middle;
      }
      return hashes[low] === hash && (froms[low] ?? 0) <= at && at < (untils[low] ?? 0);
    },
  };
}

/** Blocks of a list; an entry's block follows from its value. */
export const blockCount = 1_024;

export function blockOf(value: string): number {
  return hash53(value, 0) % blockCount;
}

/** Two multiplicative hashes of 32 bits, mixed as MurmurHash3 does, 53 bits of them. */
function hash53(text: string, start: number): number {
  let a = 0xdeadbeef ^ start;
  let b = 0x41c6ce57 ^ start;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return 4_294_967_296 * (b & 0x1f_ffff) + (a >>> 0);
}
