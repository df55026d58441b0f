import { randomUUID } from "node:crypto";
import { EcapError, isEcapError } from "@ecap/sdk";
import { isRefusal } from "../requests/refusal.ts";
import type { Bucket } from "./bucket.ts";
import { readHead, readObject } from "./read-object.ts";
import { tokenName, writeObject } from "./write-object.ts";

export interface OnceWriter {
  /** Whether the write was first; a key that exists is left as it is. */
  write(key: string, bytes: Uint8Array): Promise<boolean>;
}

/**
 * Writes by `If-None-Match: *`. An answer may be lost after the server carried the write out, and the attempt after it then finds the key taken by
 * itself. Every write carries a token of its own, so that looking at the object tells whose it is.
 *
 * A server that ignores the condition would let writers overwrite each other unnoticed, so the first write that wins is tried once more, and has to lose.
 */
export function onceWriter(bucket: Bucket): OnceWriter {
  let checking: Promise<void> | undefined;

  const isOurs = async (key: string, bytes: Uint8Array, token: string) => {
    const head = await readHead(bucket, key);
    if (!head) return undefined;
    const found = head.metadata[tokenName];
    if (found !== undefined || head.size !== bytes.length) return found === token;
    // Another client's object, or a server that keeps no metadata.
    const part = await readObject(bucket, key);
    return part && Buffer.compare(part.bytes, bytes) === 0;
  };

  const tryWrite = async (key: string, bytes: Uint8Array, token: string): Promise<boolean> => {
    try {
      await writeObject(bucket, key, bytes, { token, ifAbsent: true });
      return true;
    } catch (error) {
      if (isRefusal(error, 412)) {
        return error.mayBeDone && (await isOurs(key, bytes, token)) === true;
      }
      if (isEcapError(error, "ECAP_SERVICE_UNREACHABLE")) {
        const ours = await isOurs(key, bytes, token).catch(() => undefined);
        if (ours !== undefined) return ours;
      }
      throw error;
    }
  };

  const check = async (key: string, bytes: Uint8Array, token: string) => {
    if (!(await tryAgain(bucket, key, bytes, token))) return;
    const message = `${bucket.requests.server} ignores If-None-Match, so writers would overwrite each other's commits; use a server that honours it`;
    throw new EcapError("ECAP_CONFIG_INVALID", message);
  };

  return {
    async write(key, bytes) {
      const token = randomUUID();
      const won = await tryWrite(key, bytes, token);
      if (won) await (checking ??= check(key, bytes, token).catch(forget));
      return won;
    },
  };

  function forget(error: unknown): void {
    checking = undefined;
    // What could not be found out now is found out at the next write.
    if (isEcapError(error, "ECAP_CONFIG_INVALID")) throw error;
  }
}

async function tryAgain(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  token: string,
): Promise<boolean> {
  try {
    await writeObject(bucket, key, bytes, { token, ifAbsent: true });
    return true;
  } catch (error) {
    if (isRefusal(error, 412)) return false;
    throw error;
  }
}
