import { mixedHash } from "@ecap/sdk";
import { keyOf } from "./key-of.ts";
import type { Signal } from "./signal.ts";

const bits = 28;
const maxAttributes = 100;
const maxCharacters = 256;

/**
 * What a browser or an app says of the device it runs on. Equal attributes have one fingerprint, whatever their order; alike ones have sketches that
 * differ in few bits.
 */
export const deviceSignal: Signal = {
  numbers: ["device_sketch"],
  texts: ["device.fingerprint"],
  read({ device }, { numbers, texts, missing }) {
    const tokens = device === undefined ? [] : tokensOf(device);
    if (tokens.length === 0) {
      missing.push("device");
      return;
    }
    texts["device.fingerprint"] = keyOf(JSON.stringify(tokens));
    numbers["device_sketch"] = sketchOf(tokens);
  },
};

function tokensOf(device: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(device)
    .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, maxAttributes)
    .map(([name, value]) => `${name}=${String(value)}`.slice(0, maxCharacters));
}

/** 28 bits, each what most tokens' hashes have there. @see Charikar, "Similarity estimation techniques from rounding algorithms", 2002 */
export function sketchOf(tokens: readonly string[]): number {
  const votes = Array.from({ length: bits }, () => 0);
  for (const token of tokens) {
    const hash = mixedHash(token);
    for (let bit = 0; bit < bits; bit += 1)
      votes[bit] = (votes[bit] ?? 0) + (((hash >>> bit) & 1) === 1 ? 1 : -1);
  }
  return votes.reduce((sketch, vote, bit) => (vote > 0 ? sketch + 2 ** bit : sketch), 0);
}

/** The share of bits two sketches have in common: near 1 of one device, near a half of two that have nothing in common. */
export function sketchSimilarity(a: number, b: number): number {
  let different = (a ^ b) >>> 0;
  let count = 0;
  for (; different !== 0; different >>>= 1) count += different & 1;
  return 1 - count / bits;
}
