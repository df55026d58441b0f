import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { compareObjectKeys, type ObjectInfo, type ObjectStore } from "@ecap/sdk";
import { durableFiles, errorCode } from "./files/durable-file.ts";
import { exactNames, type FileNames, keyToPath, safeNames } from "./files/key-path.ts";

export interface FsObjectStoreOptions {
  /** Folder that holds the objects; made on first write. One file an object, at the path its key says. */
  readonly dir: string;
  /** Files are called as their keys say, character by character, as in folders that other programs write. Default: what some file system forbids is escaped. */
  readonly exactNames?: boolean;
}

/** Its objects are files already, where `localPath` says. */
export type FsObjectStore = ObjectStore & Required<Pick<ObjectStore, "localPath">>;

/** No key encodes to this name, so unfinished writes are never listed. */
const temporaryName = "!tmp";

/** Objects as files. A key and a longer one below it (`a` and `a/b`) cannot both exist: the second is ECAP_OBJECT_KEY. */
export function fsObjectStore(options: FsObjectStoreOptions): FsObjectStore {
  const root = resolve(options.dir);
  const files = durableFiles(join(root, temporaryName), 0o644);
  const names = options.exactNames ? exactNames : safeNames;
  const pathOf = (key: string) => join(root, keyToPath(key, names));

  return {
    async get(key, range) {
      const path = pathOf(key);
      return orAbsent(() => (range ? readRange(path, range) : readFile(path)));
    },
    async put(key, bytes) {
      await files.replace(pathOf(key), bytes);
    },
    async putIfAbsent(key, bytes) {
      return files.create(pathOf(key), bytes);
    },
    async *list(prefix, { after } = {}) {
      const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      if (folder !== "" && !isKey(folder.slice(0, -1))) return;
      yield* walk(root, folder, { prefix, after, names });
    },
    async delete(key) {
      const path = pathOf(key);
      await orAbsent(() => rm(path));
    },
    localPath: pathOf,
  };
}

interface Wanted {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly names: FileNames;
}

/** The objects below one folder (its key ends in `/`, or is empty for the root), in byte order of their keys. */
async function* walk(root: string, folder: string, wanted: Wanted): AsyncGenerator<ObjectInfo> {
  const path = folder === "" ? root : join(root, keyToPath(folder.slice(0, -1), wanted.names));
  const entries = (await orAbsent(() => readdir(path, { withFileTypes: true }))) ?? [];
  const keys = entries.flatMap((entry) => {
    const part = wanted.names.decode(entry.name);
    if (part === undefined || entry.name === temporaryName) return [];
    if (entry.isDirectory())
      return mayHold(`${folder}${part}/`, wanted) ? [`${folder}${part}/`] : [];
    return isWanted(folder + part, wanted) ? [folder + part] : [];
  });
  for (const key of keys.toSorted(compareObjectKeys)) {
    if (key.endsWith("/")) {
      yield* walk(root, key, wanted);
      continue;
    }
    const found = await orAbsent(() => stat(join(root, keyToPath(key, wanted.names))));
    if (found?.isFile()) yield { key, size: found.size, modifiedAt: Math.round(found.mtimeMs) };
  }
}

function isWanted(key: string, { prefix, after }: Wanted): boolean {
  return key.startsWith(prefix) && (after === undefined || compareObjectKeys(key, after) > 0);
}

/** Whether some key in the folder can be wanted: its keys all begin with `folder`. */
function mayHold(folder: string, { prefix, after }: Wanted): boolean {
  const onTheWay = folder.startsWith(prefix) || prefix.startsWith(folder);
  return (
    onTheWay &&
    (after === undefined || after.startsWith(folder) || compareObjectKeys(folder, after) > 0)
  );
}

function isKey(key: string): boolean {
  try {
    return keyToPath(key) !== "";
  } catch {
    return false;
  }
}

async function readRange(
  path: string,
  range: { readonly start: number; readonly end: number },
): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.max(0, Math.min(range.end, size) - range.start));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, range.start);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function orAbsent<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR", "ERR_FS_EISDIR"].includes(errorCode(error) ?? ""))
      return undefined;
    throw error;
  }
}
