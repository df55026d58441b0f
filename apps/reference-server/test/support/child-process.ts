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

/** A process of the platform that runs beside the test. */
export interface ChildProcessOfEcap {
  readonly pid: number;
  readonly url: string;
  readonly output: () => string;
  /** What it ended with and what it said, where it is there no longer. */
  readonly ended: () => string | undefined;
  /** Sends the signal and resolves the exit code, null where the signal ended it. */
  readonly end: (signal: "SIGTERM" | "SIGKILL") => Promise<number | null>;
}
export interface ChildServer extends ChildProcessOfEcap, ServerFile {}

/** The server as a process of its own, when it is ready. A server that ends before is an error with what it said. */
export function startChildServer(dir: string, env: NodeJS.ProcessEnv = {}): Promise<ChildServer> {
  return startChild(dir, ["serve", "--no-demo"], env, async ({ pid }) => {
    const path = join(dir, "data", "server.json");
    const file = existsSync(path) ? readServerFile(path) : undefined;
    if (file?.pid !== pid) return undefined;
    const ready = await fetch(`${file.url}/readyz`).catch(() => undefined);
    return ready?.status === 200 ? file : undefined;
  });
}

/** A process without the API, when it is ready. */
export function startChildWorker(
  dir: string,
  roles: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildProcessOfEcap> {
  return startChild(dir, ["serve", "--roles", roles], env, ({ output }) => {
    // Said when it is ready.
    const [, url] = /probes at (\S+)/.exec(output()) ?? [];
    return url === undefined ? undefined : { url };
  });
}

async function startChild<Found extends { readonly url: string }>(
  dir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ready: (child: Omit<ChildProcessOfEcap, "url">) => Promise<Found | undefined> | Found | undefined,
): Promise<ChildProcessOfEcap & Found> {
  const child = spawnEcap(dir, args, { ECAP_LOG_LEVEL: "warn", ...env });
  let output = "";
  const keep = (part: Buffer): void => {
    output += part.toString();
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const exited = once(child, "exit");
  const started: Omit<ChildProcessOfEcap, "url"> = {
    pid: child.pid ?? 0,
    output: () => output,
    ended: () => {
      const how = child.exitCode ?? child.signalCode;
      return how === null ? undefined : `ecap ${args.join(" ")} ended with ${how}: ${output}`;
    },
    async end(signal) {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
  for (let tries = 0; tries < 1_200; tries += 1) {
    const ended = started.ended();
    if (ended !== undefined) throw new Error(ended);
    const found = await ready(started);
    if (found !== undefined) return { ...started, ...found };
    await sleep(50);
  }
  await started.end("SIGKILL");
  throw new Error(`ecap ${args.join(" ")} was not ready within a minute: ${output}`);
}

function readServerFile(path: string): ServerFile | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ServerFile;
  } catch {
    return undefined;
  }
}
