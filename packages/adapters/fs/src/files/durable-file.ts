import { randomUUID } from "node:crypto";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EcapError } from "@ecap/sdk";

/** Writes files whole: a reader sees the old file or the new one, and a resolved write survives a power loss. */
export interface DurableFiles {
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** False, changing nothing, where the path exists. Of racing callers, also in other processes, one wins. */
  create(path: string, bytes: Uint8Array): Promise<boolean>;
}

export function durableFiles(temporaryDir: string, mode: number): DurableFiles {
  const publish = async (
    path: string,
    bytes: Uint8Array,
    move: (from: string) => Promise<void>,
  ) => {
    const temporary = join(temporaryDir, randomUUID());
    try {
      await inFolder(temporaryDir, () => writeSynced(temporary, bytes, mode));
      await inFolder(dirname(path), () => move(temporary));
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw storageError(error, path);
    }
  };

  return {
    replace: (path, bytes) => publish(path, bytes, (from) => rename(from, path)),
    async create(path, bytes) {
      let created = true;
      await publish(path, bytes, async (from) => {
        try {
          await link(from, path);
        } catch (error) {
          if (errorCode(error) !== "EEXIST") throw error;
          created = false;
        }
        await rm(from);
      });
      return created;
    },
  };
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

async function writeSynced(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Runs the step, making the folder first where it turns out to be missing. */
async function inFolder(folder: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    const first = await mkdir(folder, { recursive: true });
    for (const made of first ? between(first, folder) : []) await syncFolder(dirname(made));
    await step();
  }
}

/** The folders from `first` down to `last`. */
function between(first: string, last: string): string[] {
  return last.length <= first.length ? [last] : [...between(first, dirname(last)), last];
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function storageError(error: unknown, path: string): unknown {
  const code = errorCode(error) ?? "";
  if (["ENOSPC", "EDQUOT"].includes(code)) {
    return new EcapError("ECAP_STORAGE_FULL", `No space to write ${path}`, { cause: error });
  }
  if (["ENOTDIR", "EISDIR", "ENOTEMPTY"].includes(code)) {
    const message = `${path} is a folder, or lies below a file`;
    return new EcapError("ECAP_OBJECT_KEY", message, { cause: error });
  }
  return error;
}
