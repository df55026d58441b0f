import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, rename, rm, rmdir, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Copies in a folder that processes share: `files/` holds them, `used/<process>/` hard links to those a process has open, `tmp/` what is being written.
 * A copy with a second link is in use by some process and is not removed. Every change is one rename or link, so a crash leaves whole files.
 */
export interface CacheFolder {
  /** Where this process opens its copies. */
  readonly usedDir: string;
  /** Links the copy for this process; its size, undefined where there is none. */
  link(path: string): Promise<number | undefined>;
  /** Writes a copy by `write` and links it for this process; both are there whole or not at all. */
  add(path: string, write: (temporary: string) => Promise<void>): Promise<void>;
  /** Lets go of a copy, last used at `usedAt` (epoch milliseconds); it stays for others and for later. */
  unlink(path: string, usedAt: number): Promise<void>;
  /** Removes a copy for all but those who have linked it, and this process' link where it says so. */
  remove(path: string, linked: boolean): Promise<void>;
  /** Removes copies nobody uses, the least recently used first, until `maxBytes` are left; the bytes that are left. */
  shrink(maxBytes: number): Promise<number>;
  /** Says that this process lives, and clears up after those that have not said so for long. False where this process was taken for dead itself. */
  beat(): Promise<boolean>;
  /** Ends the use by this process. */
  close(): Promise<void>;
}

/** A process that has not been heard of for so long is dead, and so is what it was writing. */
const staleMs = 5 * 60_000;
const privateMode = 0o700;

export function cacheFolder(dir: string): CacheFolder {
  const filesDir = join(dir, "files");
  const temporaryDir = join(dir, "tmp");
  const usedByAll = join(dir, "used");
  const usedDir = join(usedByAll, randomUUID());
  const made = new Set<string>();

  const make = async (folder: string) => {
    if (made.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: privateMode });
    made.add(folder);
  };
  const linkUsed = async (from: string, path: string) => {
    const target = join(usedDir, path);
    await make(dirname(target));
    await rm(target, { force: true });
    await link(from, target);
  };

  return {
    usedDir,
    async link(path) {
      try {
        await linkUsed(join(filesDir, path), path);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
      return (await stat(join(usedDir, path))).size;
    },
    async add(path, write) {
      const temporary = join(temporaryDir, randomUUID());
      await make(temporaryDir);
      try {
        await write(temporary);
        // Linked first, so that no other process takes the new copy for unused.
        await linkUsed(temporary, path);
        await moveTo(temporary, join(filesDir, path));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async unlink(path, usedAt) {
      const shared = join(filesDir, path);
      const found = await orMissing(() => stat(shared));
      if (found) await orMissing(() => utimes(shared, usedAt / 1000, found.mtime));
      await rm(join(usedDir, path), { force: true });
    },
    async remove(path, linked) {
      await rm(join(filesDir, path), { force: true });
      if (linked) await rm(join(usedDir, path), { force: true });
    },
    async shrink(maxBytes) {
      const copies = await scan(filesDir);
      let bytes = copies.reduce((sum, copy) => sum + copy.size, 0);
      for (const copy of copies.toSorted((a, b) => a.usedAt - b.usedAt)) {
        if (bytes <= maxBytes) break;
        if (copy.links > 1) continue;
        await rm(copy.path, { force: true });
        bytes -= copy.size;
        // Folders that became empty go too; one that did not stops it.
        await rmdir(dirname(copy.path)).catch(() => {});
      }
      return bytes;
    },
    async beat() {
      const now = new Date();
      await make(usedDir);
      const known = await orMissing(() => utimes(usedDir, now, now).then(() => true));
      if (!known) made.clear();
      await removeStale(usedByAll, usedDir);
      await removeStale(temporaryDir, undefined);
      return known === true;
    },
    async close() {
      await rm(usedDir, { recursive: true, force: true });
    },
  };
}

/** A folder may be removed as empty between being made and the move. */
async function moveTo(from: string, to: string): Promise<void> {
  for (let tried = 0; ; tried++) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (!isMissing(error) || tried >= 10) throw error;
      await mkdir(dirname(to), { recursive: true, mode: privateMode });
    }
  }
}

interface Copy {
  readonly path: string;
  readonly size: number;
  readonly usedAt: number;
  readonly links: number;
}

async function scan(folder: string): Promise<Copy[]> {
  const entries = (await orMissing(() => readdir(folder, { withFileTypes: true }))) ?? [];
  const found: Copy[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      for (const copy of await scan(path)) found.push(copy);
      continue;
    }
    const info = await orMissing(() => stat(path));
    if (info) found.push({ path, size: info.size, usedAt: info.atimeMs, links: info.nlink });
  }
  return found;
}

async function removeStale(folder: string, mine: string | undefined): Promise<void> {
  for (const name of (await orMissing(() => readdir(folder))) ?? []) {
    const path = join(folder, name);
    const info = path === mine ? undefined : await orMissing(() => stat(path));
    if (info && info.mtimeMs < Date.now() - staleMs) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

async function orMissing<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
