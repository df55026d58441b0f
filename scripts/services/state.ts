import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Running } from "./processes.ts";
import type { ProcessPlan } from "./service.ts";

/** Ignored by git; holds data, logs, ports, what runs, and the environment of tests. */
export const servicesDir = fileURLToPath(new URL("../../.services", import.meta.url));
export const cacheDir = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ecap");
export const envFile = join(servicesDir, "env");
const stateFile = join(servicesDir, "state.json");
const portsFile = join(servicesDir, "ports.json");

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

export async function readState(): Promise<State> {
  return (await readJson<State>(stateFile)) ?? {};
}

/** Writes what runs, and the environment that follows from it. */
export async function writeState(state: State): Promise<void> {
  await writeWhole(stateFile, JSON.stringify(state, null, 2));
  await writeWhole(envFile, `${envLines(state).join("\n")}\n`);
}

export function envLines(state: State): string[] {
  return Object.values(state).flatMap(({ env }) =>
    Object.entries(env).map(([name, value]) => `export ${name}=${value}`),
  );
}

let choosing: Promise<unknown> = Promise.resolve();

/** The port of last time, else the preferred one; a thousand further where it is taken. */
export function choosePort(name: string, preferred: number): Promise<number> {
  const chosen = choosing.then(() => choose(name, preferred));
  choosing = chosen.catch(() => {});
  return chosen;
}

async function choose(name: string, preferred: number): Promise<number> {
  const known = (await readJson<Record<string, number>>(portsFile)) ?? {};
  const others = Array.from({ length: 10 }, (_, i) => preferred + i * 1_000);
  for (const port of [known[name] ?? preferred, ...others]) {
    if (!(await isFree(port))) continue;
    if (port !== known[name]) {
      await writeWhole(portsFile, JSON.stringify({ ...known, [name]: port }, null, 2));
    }
    return port;
  }
  throw new Error(`No port is free for ${name}: tried ${others.join(", ")}`);
}

/** One command at a time changes what runs; the lock of one that was killed does not count. */
export async function withLock<T>(step: () => Promise<T>): Promise<T> {
  await mkdir(servicesDir, { recursive: true });
  const lock = join(servicesDir, "lock");
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      break;
    } catch {
      const holder = Number(await readFile(lock, "utf8").catch(() => ""));
      if (holder > 0 && !isThere(holder)) await rm(lock, { force: true });
      await sleep(100);
    }
  }
  try {
    return await step();
  } finally {
    await rm(lock, { force: true });
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

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
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
  await mkdir(servicesDir, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}
