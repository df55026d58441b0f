import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { EcapError, type SecretStore } from "@ecap/sdk";
import { durableFiles, errorCode } from "./files/durable-file.ts";

export interface FileSecretStoreOptions {
  /** A JSON object of names and values, kept with mode 0600; made on first `set`. */
  readonly file: string;
  /** How often a watched file is looked at. Default 1,000. */
  readonly pollMs?: number;
}

/** Secrets in one file that only its owner may read. A file that others can read is refused. */
export function fileSecretStore(options: FileSecretStoreOptions): Required<SecretStore> {
  const path = resolve(options.file);
  const files = durableFiles(dirname(path), 0o600);
  let lastWrite: Promise<void> = Promise.resolve();

  const get = async (name: string) => (await readSecrets(path)).get(name);

  return {
    get,
    watch: (name, onChange) => pollForChange(() => get(name), onChange, options.pollMs ?? 1_000),
    set(name, value) {
      const write = lastWrite.then(async () => {
        const secrets = (await readSecrets(path)).set(name, value);
        const json = JSON.stringify(Object.fromEntries(secrets), null, 2);
        await files.replace(path, new TextEncoder().encode(`${json}\n`));
      });
      lastWrite = write.catch(() => {});
      return write;
    },
  };
}

export interface MountedSecretStoreOptions {
  /** Folder with one file a secret, named after it, as Kubernetes mounts them. */
  readonly dir: string;
  /** How often a watched secret is looked at. Default 1,000. */
  readonly pollMs?: number;
}

/** Secrets that a platform mounts as files. One line break at the end of a file is not part of the secret. */
export function mountedSecretStore(options: MountedSecretStoreOptions): SecretStore {
  const get = async (name: string) => {
    if (!/^[\w-][\w.-]*$/.test(name)) return undefined;
    const text = await readIfPresent(join(options.dir, name));
    return text?.replace(/\r?\n$/, "");
  };
  return {
    get,
    watch: (name, onChange) => pollForChange(() => get(name), onChange, options.pollMs ?? 1_000),
  };
}

async function readSecrets(path: string): Promise<Map<string, string>> {
  const text = await readIfPresent(path);
  if (text === undefined) return new Map();
  if (((await stat(path)).mode & 0o077) !== 0 && process.platform !== "win32") {
    throw new EcapError("ECAP_CONFIG_INVALID", `Others can read ${path}; set its mode to 0600`);
  }
  const secrets = parseSecrets(text);
  if (!secrets) {
    throw new EcapError("ECAP_CONFIG_INVALID", `${path} is not a JSON object of strings`);
  }
  return secrets;
}

function parseSecrets(text: string): Map<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
    const entries = Object.entries(parsed);
    return entries.every(([, value]) => typeof value === "string") ? new Map(entries) : undefined;
  } catch {
    return undefined;
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** A file that cannot be read for a moment, as while it is replaced, is looked at again later. */
function pollForChange(
  read: () => Promise<string | undefined>,
  onChange: (value: string | undefined) => void,
  pollMs: number,
): () => void {
  let known: { readonly value: string | undefined } | undefined;
  let stopped = false;
  const look = async () => {
    const value = await read();
    if (stopped) return;
    const changed = known !== undefined && known.value !== value;
    known = { value };
    if (changed) onChange(value);
  };
  const lookQuietly = () => void look().catch(() => {});
  lookQuietly();
  const timer = setInterval(lookQuietly, pollMs);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
