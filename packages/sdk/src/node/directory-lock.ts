import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EcapError } from "../errors/ecap-error.ts";

interface Owner {
  readonly pid: number;
  /** When the process started, in the kernel's own ticks, where it says so: a pid alone may have been given out again. */
  readonly startedAt: string | undefined;
}

/** Takes the directory for this process until the returned function is called. Throws ECAP_LOCKED where another live process has it. */
export function lockDirectory(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, "ecap.lock");
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }));
  try {
    if (!tryLink(mine, path)) {
      takeOver(path, `${mine}.old`);
      if (!tryLink(mine, path)) throw locked(dir, readOwner(path));
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(path, { force: true });

  function takeOver(from: string, to: string): void {
    const owner = readOwner(from);
    if (owner !== undefined && isAlive(owner)) throw locked(dir, owner);
    try {
      renameSync(from, to);
    } catch {
      return;
    }
    // Another process may have been faster, and what was moved away be its fresh lock: it goes back.
    const moved = readOwner(to);
    if (moved !== undefined && isAlive(moved)) tryLink(to, from);
    rmSync(to, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof owner !== "object" || owner === null || !("pid" in owner)) return undefined;
    const startedAt = "startedAt" in owner ? owner.startedAt : undefined;
    return {
      pid: Number(owner.pid),
      startedAt: typeof startedAt === "string" ? startedAt : undefined,
    };
  } catch {
    return undefined;
  }
}

function isAlive({ pid, startedAt }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  const now = startOf(pid);
  return startedAt === undefined || now === undefined || now === startedAt;
}

/** Field 22 of /proc/PID/stat; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function locked(dir: string, owner: Owner | undefined): EcapError {
  const who = owner === undefined ? "another process" : `process ${owner.pid}`;
  return new EcapError("ECAP_LOCKED", `${dir} is in use by ${who}`, { received: owner?.pid });
}
