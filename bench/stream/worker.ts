import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How many events a contender had processed, and when. */
export interface Sample {
  readonly at: number;
  readonly processed: number;
  readonly rssMb?: number;
}

export interface Worker {
  readonly samples: readonly Sample[];
  readonly pid: number;
  /** Resolves once it says it is ready. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a contender, which prints `ready` and then samples as JSON lines. */
export function startWorker(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Worker {
  const child: ChildProcess = spawn(command, args, {
    stdio: [
      "ignore",
      "pipe",
      process.env["ECAP_BENCH_VERBOSE"] === undefined ? "ignore" : "inherit",
    ],
    env: { ...process.env, ...env },
    // A group of its own: Spark is a child of its Python.
    detached: true,
  });
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // It ended by itself.
    }
  };
  const samples: Sample[] = [];
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") resolve();
      else if (line.startsWith("{")) samples.push(JSON.parse(line));
    });
  });
  ready.catch(() => {});
  return {
    samples,
    pid: child.pid ?? 0,
    ready,
    async stop() {
      signal("SIGTERM");
      const timer = setTimeout(() => signal("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
      signal("SIGKILL");
    },
  };
}

/** Two workers as one: what both have processed, by the second. */
export function together(first: Worker, second: Worker): Worker {
  return {
    get samples() {
      return first.samples.map((sample) => {
        const other = second.samples.findLast(({ at }) => at <= sample.at);
        return {
          at: sample.at,
          processed: sample.processed + (other?.processed ?? 0),
          rssMb: (sample.rssMb ?? 0) + (other?.rssMb ?? 0),
        };
      });
    },
    pid: first.pid,
    ready: second.ready,
    async stop() {
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}

/** Events a second between two moments, by the samples nearest inside them; the end is where it had caught up, if it had. */
export function rateBetween(
  samples: readonly Sample[],
  from: number,
  to: number,
  total: number,
): number {
  const inside = samples.filter(({ at }) => at >= from && at <= to);
  const [first] = inside;
  const last = inside.find(({ processed }) => processed >= total) ?? inside.at(-1);
  if (first === undefined || last === undefined || last.at === first.at) return Number.NaN;
  return ((last.processed - first.processed) * 1000) / (last.at - first.at);
}
