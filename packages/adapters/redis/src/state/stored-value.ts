import { randomBytes } from "node:crypto";
import type { StateChange, StateEntry } from "@ecap/sdk";

const versionLength = 16;
const headLength = versionLength + 8;

/** Version (16 characters), expiry as a little-endian double (infinity: never), value. */
export function encodeValue(value: Uint8Array, version: string, expiresAt = Infinity): Buffer {
  const bytes = Buffer.allocUnsafe(headLength + value.length);
  bytes.write(version, 0, "latin1");
  bytes.writeDoubleLE(expiresAt, versionLength);
  bytes.set(value, headLength);
  return bytes;
}

/** The entry, or undefined where it has expired by then. */
export function decodeValue(key: string, stored: Buffer, now: number): StateEntry | undefined {
  if (stored.readDoubleLE(versionLength) <= now) return undefined;
  return {
    key,
    // Copied, so that a small value does not hold on to the whole reply.
    value: new Uint8Array(stored.subarray(headLength)),
    version: stored.toString("latin1", 0, versionLength),
  };
}

/**
 * Versions no other writer gives, now or later: random by process and counted within. A counter in Redis would give versions again after it lost
 * its last second.
 */
export function createVersions(): () => string {
  let random = "";
  let count = maxCount;
  return () => {
    if (count === maxCount) {
      random = randomBytes(9).toString("base64url");
      count = 0;
    }
    count += 1;
    return random + count.toString(36).padStart(versionLength - random.length, "0");
  };
}

/** The last number of four digits to base 36. */
const maxCount = 36 ** 4 - 1;

/** The last change of each key; the order of the others says nothing. */
export function lastChanges(changes: readonly StateChange[]): Iterable<StateChange> {
  return new Map(changes.map((change) => [change.key, change])).values();
}
