import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { choosePort, type PreferPort } from "./choose-port.ts";
import type { Running } from "./processes.ts";
import type { ProcessPlan } from "./service.ts";

export interface StartedProcess {
  readonly plan: ProcessPlan;
  readonly running: Running;
}

export interface StartedService {
  readonly processes: readonly StartedProcess[];
  readonly env: Readonly<Record<string, string>>;
}

/** By service. */
export type State = Readonly<Record<string, StartedService>>;

/** A folder of services that run together: their data, logs, ports, what runs, and the environment of tests. */
export interface ServiceHome {
  readonly dir: string;
  readonly envFile: string;
  readonly read: () => Promise<State>;
  /** Writes what runs, and the environment that follows from it. */
  readonly write: (state: State) => Promise<void>;
  /** One at a time changes what runs; the lock of one that was killed does not count. */
  readonly withLock: <T>(step: () => Promise<T>) => Promise<T>;
  /** The port of last time; another where it is taken. */
  readonly port: (name: string, preferred: number) => Promise<number>;
}

/** Software is obtained once for all checkouts of a user. */
export const cacheDir = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ecap");

/** The services of this checkout, which `npm run services` starts. */
export const sharedDir = fileURLToPath(new URL("../../.services", import.meta.url));

export function serviceHome(dir: string = sharedDir, prefer?: PreferPort): ServiceHome {
  const stateFile = join(dir, "state.json");
  const portsFile = join(dir, "ports.json");
  const envFile = join(dir, "env");
  const lock = join(dir, "lock");
  let choosing: Promise<unknown> = Promise.resolve();

  const choose = async (name: string, preferred: number) => {
    const known = (await readJson<Record<string, number>>(portsFile)) ?? {};
    const taken = new Set(Object.entries(known).flatMap(([n, port]) => (n === name ? [] : [port])));
    const port = await choosePort({ known: known[name], preferred, taken, prefer });
    await writeWhole(portsFile, JSON.stringify({ ...known, [name]: port }, null, 2));
    return port;
  };

  return {
    dir,
    envFile,
    read: async () => (await readJson<State>(stateFile)) ?? {},
    async write(state) {
      await mkdir(dir, { recursive: true });
      await writeWhole(stateFile, JSON.stringify(state, null, 2));
      await writeWhole(envFile, `${envLines(state).join("\n")}\n`);
    },
    async withLock(step) {
      await mkdir(dir, { recursive: true });
      while (!(await tryLock(lock))) await sleep(100);
      try {
        return await step();
      } finally {
        await rm(lock, { force: true });
      }
    },
    port(name, preferred) {
      const chosen = choosing.then(() => choose(name, preferred));
      choosing = chosen.catch(() => {});
      return chosen;
    },
  };
}

export function envLines(state: State): string[] {
  return Object.values(state).flatMap(({ env }) =>
    Object.entries(env).map(([name, value]) => `export ${name}=${value}`),
  );
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    if (holder > 0 && !isThere(holder)) await rm(lock, { force: true });
    return false;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Undefined where the file is absent or was left half written. */
async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch {
    return undefined;
  }
}

async function writeWhole(file: string, content: string): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}
