import { open } from "node:fs/promises";
import { EcapError, type LocalObject } from "@ecap/sdk";
import type { Bucket } from "../objects/bucket.ts";
import { readObject } from "../objects/read-object.ts";
import { isRefusal } from "../requests/refusal.ts";

/** Writes an object to a new file, in parts at once where it is large, all of one and the same object; its bytes are on disk then. */
export async function fetchFile(bucket: Bucket, { key, size }: LocalObject, path: string) {
  const { partBytes } = bucket;
  const file = await open(path, "wx", 0o600);
  try {
    const first = await readObject(
      bucket,
      key,
      partBytes < size ? { range: { start: 0, end: partBytes } } : {},
    );
    if (!first)
      throw new EcapError("ECAP_STORAGE_CORRUPT", `${key} is not in the bucket`, { path: key });
    if (first.size !== size) {
      const message = `${key} has ${first.size} bytes in the bucket, and ${size} where it is named`;
      throw new EcapError("ECAP_STORAGE_CORRUPT", message, { path: key });
    }
    await file.write(first.bytes, 0, first.bytes.length, 0);
    const starts = Array.from(
      { length: Math.max(0, Math.ceil(size / partBytes) - 1) },
      (_, i) => (i + 1) * partBytes,
    );
    await Promise.all(
      starts.map(async (start) => {
        const range = { start, end: Math.min(size, start + partBytes) };
        const part = await readObject(bucket, key, { range, etag: first.etag });
        if (part?.bytes.length !== range.end - start) throw changed(key);
        await file.write(part.bytes, 0, part.bytes.length, start);
      }),
    );
    await file.datasync();
  } catch (error) {
    throw isRefusal(error, 412) ? changed(key) : error;
  } finally {
    await file.close();
  }
}

function changed(key: string): EcapError {
  const message = `${key} was replaced while it was read`;
  return new EcapError("ECAP_STORAGE_CORRUPT", message, { path: key });
}
