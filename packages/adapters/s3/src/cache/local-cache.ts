import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { EcapError, type LocalObject, type Logger } from "@ecap/sdk";
import type { Bucket } from "../objects/bucket.ts";
import { limit } from "../requests/limit.ts";
import { byteBudget } from "./byte-budget.ts";
import { cacheFolder } from "./cache-folder.ts";
import { cachePath } from "./cache-path.ts";
import { fetchFile } from "./fetch-file.ts";

export interface LocalCacheOptions {
  readonly bucket: Bucket;
  readonly dir: string;
  /** Tells the copies of one store from those of others in the same folder. */
  readonly identity: string;
  readonly maxBytes: number;
  /** Objects fetched at once. */
  readonly concurrency: number;
  readonly logger: Logger;
}

/** Copies of objects as files. A copy that is leased stays; of the others the least recently used go when there is no room. */
export interface LocalCache {
  /** Where the object's copy is while it is leased. */
  pathOf(key: string): string;
  lease(objects: readonly LocalObject[], signal?: AbortSignal): Promise<() => void>;
  /** Removes the copy of an object that was deleted; who has it open goes on. */
  forget(key: string): Promise<void>;
  close(): Promise<void>;
}

interface Held {
  readonly size: number;
  uses: number;
  usedAt: number;
}

const beatMs = 30_000;
/** A copy nobody asked for so long is let go of, for other processes to remove. */
const idleMs = 60_000;
/** Other processes add copies too: after this share of the bytes the folder is looked through again. */
const lookAgainShare = 1 / 16;

export function localCache(options: LocalCacheOptions): LocalCache {
  const { bucket, maxBytes, logger } = options;
  const identity = createHash("sha256").update(options.identity).digest("hex").slice(0, 16);
  const folder = cacheFolder(join(resolve(options.dir), identity));
  const budget = byteBudget(maxBytes);
  const inTurn = limit(options.concurrency);
  const held = new Map<string, Held>();
  const coming = new Map<string, Promise<void>>();
  /** Bytes in the folder as far as is known, with those on their way. */
  let bytes = Number.POSITIVE_INFINITY;
  let onTheirWay = 0;
  let sinceLooked = 0;
  let making: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const letGo = async (before: number) => {
    for (const [key, { uses, usedAt }] of held) {
      if (uses > 0 || usedAt > before) continue;
      held.delete(key);
      // Who asks for it meanwhile waits, and links it anew.
      const gone = folder.unlink(cachePath(key), usedAt);
      coming.set(key, gone);
      await gone.finally(() => coming.delete(key));
    }
  };

  const makeRoom = (size: number) => {
    const step = async () => {
      onTheirWay += size;
      sinceLooked += size;
      bytes += size;
      if (bytes <= maxBytes && sinceLooked < maxBytes * lookAgainShare) return;
      sinceLooked = 0;
      const left = maxBytes - onTheirWay;
      bytes = onTheirWay + (await folder.shrink(left));
      if (bytes <= maxBytes) return;
      await letGo(Number.POSITIVE_INFINITY);
      bytes = onTheirWay + (await folder.shrink(left));
      if (bytes > maxBytes)
        logger.warn({ bytes, maxBytes }, "copies of objects in use exceed the cache");
    };
    const made = making.then(step);
    making = made.catch(() => {});
    return made;
  };

  const bring = async (object: LocalObject) => {
    const path = cachePath(object.key);
    if ((await folder.link(path)) !== object.size) {
      await makeRoom(object.size);
      try {
        await folder.add(path, (temporary) => fetchFile(bucket, object, temporary));
      } catch (error) {
        bytes -= object.size;
        throw fullDisk(error, object.key);
      } finally {
        onTheirWay -= object.size;
      }
    }
    const uses = held.get(object.key)?.uses ?? 0;
    held.set(object.key, { size: object.size, uses, usedAt: Date.now() });
  };

  /** Fetched once for all who ask meanwhile. */
  const use = async (object: LocalObject, signal: AbortSignal | undefined): Promise<void> => {
    const { key, size } = object;
    for (;;) {
      const present = held.get(key);
      if (present?.size === size) {
        present.uses++;
        present.usedAt = Date.now();
        return;
      }
      const pending =
        coming.get(key) ?? inTurn(() => bring(object)).finally(() => coming.delete(key));
      coming.set(key, pending);
      await orAborted(pending, signal);
    }
  };

  const release = (key: string) => {
    const present = held.get(key);
    if (!present) return;
    present.uses--;
    present.usedAt = Date.now();
  };

  const beat = async () => {
    await letGo(Date.now() - idleMs);
    if (!(await folder.beat())) held.clear();
    // What was in use before may be free now.
    if (bytes > maxBytes && Number.isFinite(bytes)) await makeRoom(0);
  };

  const beatQuietly = () =>
    void beat().catch((error: unknown) => {
      logger.warn({ error: String(error) }, "the cache of objects could not be looked after");
    });

  const begin = () => {
    if (timer) return;
    beatQuietly();
    timer = setInterval(beatQuietly, beatMs);
    timer.unref();
  };

  return {
    pathOf: (key) => join(folder.usedDir, cachePath(key)),
    async lease(objects, signal) {
      begin();
      const distinct = [...new Map(objects.map((object) => [object.key, object])).values()];
      const needed = distinct.reduce((sum, { size }) => sum + size, 0);
      if (needed > maxBytes) {
        const message = `The files to open have ${needed} bytes, and cacheBytes is ${maxBytes}; raise it, or ask for less`;
        throw new EcapError("ECAP_CONFIG_INVALID", message);
      }
      const giveBack = await budget.take(needed, signal);
      const used: string[] = [];
      const end = () => {
        for (const key of used.splice(0)) release(key);
        giveBack();
      };
      const outcomes = await Promise.allSettled(
        distinct.map(async (object) => {
          await use(object, signal);
          used.push(object.key);
        }),
      );
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (!failed) return end;
      end();
      throw failed.reason as Error;
    },
    async forget(key) {
      if (held.get(key)?.uses === 0) held.delete(key);
      await folder.remove(cachePath(key), !held.has(key));
    },
    async close() {
      clearInterval(timer);
      await Promise.allSettled(coming.values());
      if (timer) await folder.close();
    },
  };
}

async function orAborted(pending: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return pending;
  signal.throwIfAborted();
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(new Error("gave up waiting for a file"));
    signal.addEventListener("abort", stop, { once: true, signal: done.signal });
  });
  try {
    await Promise.race([pending, aborted]);
  } finally {
    done.abort();
  }
}

function fullDisk(error: unknown, key: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!["ENOSPC", "EDQUOT"].includes(code)) return error;
  return new EcapError("ECAP_STORAGE_FULL", `No space to cache ${key}`, { cause: error });
}
