import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Beat } from "./worker-child.ts";

export interface Worker {
  readonly name: string;
  /** What it said last; undefined before it says something. */
  beat(): Beat | undefined;
  readonly peakRssBytes: () => number;
  /** What it wrote to standard error. */
  readonly complaints: () => string;
  isRunning(): boolean;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Resolves when it is gone. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

const script = fileURLToPath(new URL("./worker-child.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export function startWorker(name: string, env: Readonly<Record<string, string>>): Worker {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--conditions=@ecap/source", "--import", tsx, script],
    { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let last: Beat | undefined;
  let peak = 0;
  let complaints = "";
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      try {
        last = JSON.parse(line) as Beat;
        peak = Math.max(peak, last.rssBytes);
      } catch {
        // It was killed in the middle of a line.
      }
    });
  }
  child.stderr?.on("data", (part: Buffer) => {
    complaints += part.toString();
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    name,
    beat: () => last,
    peakRssBytes: () => peak,
    complaints: () => complaints,
    isRunning,
    signal: (kind) => void child.kill(kind),
    async end(kind) {
      child.kill(kind);
      await closed;
    },
  };
}
