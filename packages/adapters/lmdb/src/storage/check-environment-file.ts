import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { EcapError } from "@ecap/sdk";

const magic = 0xbeefc0de;
/** Places in a meta page, in bytes: the first two pages are such. */
const place = { magic: 24, pageSize: 48, lastPage: 144 } as const;

/**
 * Throws ECAP_STORAGE_CORRUPT for a file that is no LMDB environment or was cut short. LMDB maps the file into memory, so opening such a one
 * would end the process instead.
 */
export function checkEnvironmentFile(dir: string): void {
  const path = join(dir, "data.mdb");
  if (!existsSync(path)) return;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const first = readAt(file, 0);
    const pageSize = first.readUInt32LE(place.pageSize);
    if (first.readUInt32LE(place.magic) !== magic || pageSize < 256) {
      throw new EcapError("ECAP_STORAGE_CORRUPT", `${path} is no LMDB file`);
    }
    const second = readAt(file, pageSize);
    // The newer of the two may not have been synced with its pages when the power went; the older one was.
    const pages = [first, second].map((meta) => Number(meta.readBigUInt64LE(place.lastPage)) + 1);
    const needed = Math.min(...pages) * pageSize;
    if (size >= needed) return;
    const received = `${size} of at least ${needed} bytes`;
    throw new EcapError("ECAP_STORAGE_CORRUPT", `${path} was cut short: ${received}`, { received });
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number): Buffer {
  const bytes = Buffer.alloc(place.lastPage + 8);
  readSync(file, bytes, 0, bytes.length, position);
  return bytes;
}
