import type { StateEntry } from "@ecap/sdk";

/** A value of the states table. */
export interface StoredState {
  readonly key: string;
  readonly value: Uint8Array;
  readonly version: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number | undefined;
}

const headLength = 20;

/** Version (8), expiry or 0 (8), key length (4), key, value; the key as it was given, since the table's may be shortened. */
export function encodeState({ key, value, version, expiresAt }: StoredState): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(headLength + keyBytes + value.length);
  bytes.writeDoubleLE(version, 0);
  bytes.writeDoubleLE(expiresAt ?? 0, 8);
  bytes.writeUInt32LE(keyBytes, 16);
  bytes.write(key, headLength);
  bytes.set(value, headLength + keyBytes);
  return bytes;
}

export function decodeState(stored: Uint8Array): StoredState {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const valueAt = headLength + bytes.readUInt32LE(16);
  const expiresAt = bytes.readDoubleLE(8);
  return {
    key: bytes.toString("utf8", headLength, valueAt),
    value: bytes.subarray(valueAt),
    version: bytes.readDoubleLE(0),
    expiresAt: expiresAt === 0 ? undefined : expiresAt,
  };
}

export function entryOf({ key, value, version }: StoredState): StateEntry {
  return { key, value, version: String(version) };
}
