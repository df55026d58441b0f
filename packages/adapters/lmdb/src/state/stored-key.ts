import { hash } from "node:crypto";

/** LMDB keys hold at most 1,978 bytes; a longer text keeps its beginning, so that it is found by prefix, and is told apart by its hash. */
export const maxKeyBytes = 1_800;
const keptBytes = 1_600;

/** The key's UTF-8 bytes, shortened where LMDB demands it. */
export function storedKey(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxKeyBytes) return bytes;
  return Buffer.concat([bytes.subarray(0, keptBytes), Buffer.from(hash("sha256", bytes))]);
}

/** Where a scan for the prefix starts. What it finds may begin differently past the kept bytes. */
export function storedPrefix(prefix: string): Buffer {
  return Buffer.from(prefix).subarray(0, keptBytes);
}

/** The key of an id that contributed to an entity. */
export function contributedKey(entity: string, id: string): Buffer {
  const bytes = Buffer.from(`${entity}\n${id}`);
  if (bytes.length <= maxKeyBytes) return bytes;
  return Buffer.from(`${contributedPrefix(entity)}${hash("sha256", id)}`);
}

export function contributedPrefix(entity: string): string {
  return Buffer.byteLength(entity) > maxKeyBytes / 2
    ? `${hash("sha256", entity)}\n`
    : `${entity}\n`;
}

/** Entries whose key begins with the prefix. */
export function prefixRange(prefix: Buffer): { start: Buffer; end?: Buffer } {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i -= 1) {
    const byte = end[i] ?? 255;
    if (byte === 255) continue;
    end[i] = byte + 1;
    return { start: prefix, end: end.subarray(0, i + 1) };
  }
  return { start: prefix };
}
