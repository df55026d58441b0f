import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const ecap = join(root, "apps/reference-server/dist/main.js");

export interface Server {
  readonly url: string;
  /** Bearer token of an administrator. */
  readonly token: string;
  readonly pid: number;
  /** Milliseconds from start to ready. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** Starts the built server on the directory, as a process of its own, and waits until it is ready. */
export async function startServer(
  dir: string,
  args: readonly string[] = ["--no-demo"],
  nodeArgs: readonly string[] = [],
): Promise<Server> {
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [...nodeArgs, ecap, "--dir", dir, "serve", "--port", "0", ...args],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, ECAP_ADMIN_PASSWORD: "benchmark-password", ECAP_LOG_LEVEL: "error" },
    },
  );
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const file = readServerFile(dir);
    if (file !== undefined && file.pid === child.pid && (await isReady(file.url))) {
      const readyMs = performance.now() - begun;
      return { ...file, readyMs, stop: () => stop(child, "SIGTERM") };
    }
    await sleep(5);
  }
}

function readServerFile(dir: string): { url: string; token: string; pid: number } | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, "server.json"), "utf8")) as {
      url: string;
      token: string;
      pid: number;
    };
  } catch {
    return undefined;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

/** Runs the built `ecap` command to its end. */
export async function runEcap(
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<{
  readonly stdout: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}> {
  const begun = performance.now();
  const child = spawn(process.execPath, [...nodeArgs, ecap, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  let peakMb = 0;
  let cpuSeconds = 0;
  const watching = setInterval(() => {
    const pid = child.pid ?? 0;
    // Both only grow; a process that has just ended has neither.
    peakMb = Math.max(peakMb, memoryMb(pid, "VmHWM") || 0);
    cpuSeconds = Math.max(cpuSeconds, processorSeconds(pid));
  }, 20);
  const code = await new Promise((resolve) => {
    child.once("close", resolve);
  });
  clearInterval(watching);
  if (code !== 0) throw new Error(`ecap ${args.join(" ")} ended with ${String(code)}: ${stdout}`);
  return { stdout, seconds: (performance.now() - begun) / 1000, cpuSeconds, peakMb };
}

/** Processor time of a process so far, of all its threads; 0 where /proc does not tell. */
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Starts a TypeScript file of this folder as a process of its own; resolves with the first line it prints. */
export async function startScript(
  file: string,
): Promise<{ readonly line: string; readonly pid: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [...process.execArgv, join(root, "bench", file)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once("exit", () => reject(new Error(`${file} ended early`)));
  });
  return { line, pid: child.pid ?? 0, stop: () => stop(child, "SIGTERM") };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  child.kill(signal);
  await ended;
}

/** Resident memory of a process now (VmRSS) or at its peak (VmHWM); NaN where /proc is not there. */
export function memoryMb(pid: number, field: "VmRSS" | "VmHWM" = "VmRSS"): number {
  try {
    const found = new RegExp(`${field}:\\s+(\\d+)`).exec(
      readFileSync(`/proc/${pid}/status`, "utf8"),
    );
    return Number(found?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** A directory for the time of the work. */
export async function inTemporaryDir<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "ecap-bench-"));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
