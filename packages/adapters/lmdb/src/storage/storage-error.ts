import { statfsSync } from "node:fs";
import { EcapError } from "@ecap/sdk";

const full = /MDB_MAP_FULL|ENOSPC|no space left|disk quota|not enough space/i;
const corrupt = /MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_INVALID|MDB_PANIC|MDB_VERSION_MISMATCH/i;

/** What LMDB threw, as an ECAP error. */
export function storageError(error: unknown, path: string): unknown {
  if (error instanceof EcapError || !(error instanceof Error)) return error;
  const text = `${"code" in error ? String(error.code) : ""} ${error.message}`;
  // LMDB gives EIO for a write that was cut short, which is how most disks say that they are full.
  const cutShort = text.startsWith("5 ") && freeBytes(path) < 16 * 1024 * 1024;
  if (cutShort || full.test(text) || text.includes("-30792") || text.startsWith("28 ")) {
    return new EcapError("ECAP_STORAGE_FULL", `no space left for ${path}: ${error.message}`, {
      cause: error,
    });
  }
  if (corrupt.test(text)) {
    return new EcapError("ECAP_STORAGE_CORRUPT", `${path} is damaged: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
