import { readFileSync } from "node:fs";

interface Readiness {
  readonly status: string;
  readonly checks: ReadonlyArray<{
    readonly name: string;
    readonly status: string;
    readonly needed: boolean;
  }>;
}

/** What `/readyz` of a process said at a moment. */
export interface Said {
  readonly at: number;
  readonly answeredAt: number;
  /** 0 where it did not answer. */
  readonly httpStatus: number;
  readonly failed: readonly string[];
}

export interface Watch {
  /** All that was asked since, and answered until, by process. */
  between(at: number, until?: number): ReadonlyMap<string, readonly Said[]>;
  peakRssBytes(name: string): number;
  /** The sum of the offsets a process says its topologies have reached. A process that has ended is an error with what it said. */
  offsets(name: string): Promise<number>;
  stop(): void;
}

export interface Watched {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** What it ended with, where it is there no longer. */
  readonly ended: () => string | undefined;
}

const everyMs = 400;

/** Asks every process again and again whether it is ready, and how large it is. */
export function watch(processes: readonly Watched[]): Watch {
  const said = new Map<string, Said[]>(processes.map(({ name }) => [name, []]));
  const peaks = new Map<string, number>();

  async function ask({ name, url, pid, ended }: Watched): Promise<void> {
    if (ended() !== undefined) return;
    const at = performance.now();
    peaks.set(name, Math.max(peaks.get(name) ?? 0, residentBytes(pid)));
    const answer = await readiness(url);
    said.get(name)?.push({ at, answeredAt: performance.now(), ...answer });
  }

  // The next is asked whether the one before was answered or not: a check that hangs takes its time.
  const asking = setInterval(() => {
    for (const each of processes) void ask(each);
  }, everyMs);
  return {
    between: (at, until = Infinity) =>
      new Map(
        [...said].map(([name, all]) => [
          name,
          all.filter((each) => each.at >= at && each.answeredAt <= until),
        ]),
      ),
    peakRssBytes: (name) => peaks.get(name) ?? 0,
    async offsets(name) {
      const process = processes.find((each) => each.name === name);
      const ended = process?.ended();
      if (ended !== undefined) throw new Error(ended);
      const text = await fetch(`${process?.url ?? ""}/metrics`).then(
        (response) => response.text(),
        () => "",
      );
      return [...text.matchAll(/^ecap_topology_offset\{.*\} (\d+)$/gm)].reduce(
        (sum, [, offset]) => sum + Number(offset),
        0,
      );
    },
    stop: () => clearInterval(asking),
  };
}

async function readiness(url: string): Promise<Pick<Said, "httpStatus" | "failed">> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    const { checks } = (await response.json()) as Readiness;
    const failed = checks.filter(({ status }) => status !== "ok").map(({ name }) => name);
    return { httpStatus: response.status, failed };
  } catch {
    return { httpStatus: 0, failed: [] };
  }
}

/** Resident memory as Linux counts it. */
function residentBytes(pid: number): number {
  const [, kilobytes = "0"] =
    /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
