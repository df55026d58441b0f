import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answers } from "./probe.ts";
import type { ProcessPlan } from "./service.ts";

/** A process we started. `born` tells it from a later one with the same id. */
export interface Running {
  readonly pid: number;
  readonly born: string | undefined;
}

const readyWithinMs = 90_000;
const stopWithinMs = 20_000;
/** A server killed a moment ago may leave a port or a lock for a moment longer. */
const maxStarts = 4;

/** Starts the process apart from this one, which may end; resolves at once. */
export function start(plan: ProcessPlan): Running {
  const log = openSync(join(plan.dir, "log"), "a");
  try {
    const child = spawn(plan.command, plan.args, {
      cwd: plan.dir,
      env: { ...process.env, ...plan.env },
      stdio: ["ignore", log, log],
      detached: true,
      ...plan.user,
    });
    // A program that cannot be run is seen as a process that is not alive.
    child.on("error", () => {});
    child.unref();
    return { pid: child.pid ?? -1, born: birth(child.pid ?? -1) };
  } finally {
    closeSync(log);
  }
}

/** Waits until the process answers; starts it again where it ended before. */
export async function untilReady(plan: ProcessPlan, first: Running): Promise<Running> {
  const deadline = Date.now() + readyWithinMs;
  let running = first;
  for (let starts = 1; ; await sleep(100)) {
    if (!isAlive(running)) {
      if (starts++ >= maxStarts) throw new Error(`${plan.name} ended: ${await lastWords(plan)}`);
      await sleep(500);
      running = start(plan);
    } else if (await answers(plan.ready)) return running;
    if (Date.now() > deadline) {
      throw new Error(`${plan.name} is not ready: ${await lastWords(plan)}`);
    }
  }
}

export function isAlive({ pid, born }: Running): boolean {
  if (pid <= 0 || born !== birth(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Asks it to stop, then makes it. */
export async function stop(plan: ProcessPlan, running: Running): Promise<void> {
  signalTree(running, "SIGCONT");
  signal(running.pid, running, plan.stopSignal ?? "SIGTERM");
  if (await gone(running, stopWithinMs)) return;
  signalTree(running, "SIGKILL");
  await gone(running, stopWithinMs);
}

/** Signals the process and all it started, as PostgreSQL does a process a connection. */
export function signalTree(running: Running, name: NodeJS.Signals): void {
  if (!isAlive(running)) return;
  const tree = [running.pid, ...descendants(running.pid)];
  for (const pid of tree) signal(pid, running, name);
}

export async function gone(running: Running, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(running)) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}

function signal(pid: number, running: Running, name: NodeJS.Signals): void {
  if (pid === running.pid && !isAlive(running)) return;
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}

/** When the process began, by the kernel's count, and undefined for one that ended; the same for every process where /proc is absent. */
function birth(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields?.[0] === "Z" ? "ended" : fields?.[19];
}

function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of listProc()) {
    const parent = Number(statFields(Number(name))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (id: number): number[] =>
    (children.get(id) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

function listProc(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Fields of /proc/PID/stat from the state on; the name before it may hold anything. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

async function lastWords(plan: ProcessPlan): Promise<string> {
  const log = await readFile(join(plan.dir, "log"), "utf8").catch(() => "");
  return log.trim().split("\n").slice(-5).join("\n") || "it said nothing";
}
