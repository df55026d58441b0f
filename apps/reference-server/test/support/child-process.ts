import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ServerFile } from "../../src/server/server-file.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

function spawnEcap(dir: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(
    process.execPath,
    ["--conditions=@ecap/source", "--import", import.meta.resolve("tsx"), main, ...args],
    {
      cwd: dir,
      env: { ...process.env, ECAP_DATA_DIR: join(dir, "data"), ECAP_PORT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the `ecap` command as a user does, with its data in `dir`/data. */
export async function runEcap(
  dir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  const child = spawnEcap(dir, args, env);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (part: Buffer) => {
    stdout += part.toString();
  });
  child.stderr?.on("data", (part: Buffer) => {
    stderr += part.toString();
  });
  await once(child, "close");
  return { code: child.exitCode, stdout, stderr };
}

export interface ChildServer extends ServerFile {
  readonly output: () => string;
  /** Sends the signal and resolves the exit code, null where the signal ended it. */
  readonly end: (signal: "SIGTERM" | "SIGKILL") => Promise<number | null>;
}

/** The server as a process of its own, when it is ready. A server that ends before is an error with what it said. */
export async function startChildServer(
  dir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildServer> {
  const child = spawnEcap(dir, ["serve", "--no-demo"], { ECAP_LOG_LEVEL: "warn", ...env });
  let output = "";
  const keep = (part: Buffer): void => {
    output += part.toString();
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const exited = once(child, "exit");
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  const path = join(dir, "data", "server.json");
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}: ${output}`);
    const file = existsSync(path) ? readServerFile(path) : undefined;
    if (file?.pid === child.pid && file !== undefined) {
      const ready = await fetch(`${file.url}/readyz`).catch(() => undefined);
      if (ready?.status === 200) return { ...file, output: () => output, end };
    }
    await sleep(50);
  }
  await end("SIGKILL");
  throw new Error(`the server was not ready within a minute: ${output}`);
}

export interface ChildWorker {
  readonly url: string;
  readonly pid: number;
  readonly output: () => string;
  readonly end: ChildServer["end"];
}

/** A process without the API, when it is ready. */
export async function startChildWorker(
  dir: string,
  roles: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildWorker> {
  const child = spawnEcap(dir, ["serve", "--roles", roles], { ECAP_LOG_LEVEL: "warn", ...env });
  let output = "";
  const keep = (part: Buffer): void => {
    output += part.toString();
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const exited = once(child, "exit");
  const end: ChildServer["end"] = async (signal) => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the worker ended with ${child.exitCode ?? child.signalCode}: ${output}`);
    // Said when it is ready.
    const [, url] = /probes at (\S+)/.exec(output) ?? [];
    if (url !== undefined) return { url, pid: child.pid ?? 0, output: () => output, end };
    await sleep(50);
  }
  await end("SIGKILL");
  throw new Error(`the worker was not ready within a minute: ${output}`);
}

function readServerFile(path: string): ServerFile | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ServerFile;
  } catch {
    return undefined;
  }
}
