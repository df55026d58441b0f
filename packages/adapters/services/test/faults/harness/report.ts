import type { FaultRun, Recovery } from "./fault-run.ts";
import type { Verdict } from "./verdict.ts";

/** Rounds of each fault: a few in CI, many before a release. */
export const rounds = Number(process.env["ECAP_ROUNDS"] ?? 3);

/** A line a fault: what was done, how often, and what came of it. */
export function report(
  fault: string,
  details: {
    readonly times: number;
    readonly run: FaultRun;
    readonly verdict: Verdict;
    readonly recoveries: readonly Recovery[];
    readonly more?: string;
  },
): void {
  const { times, run, verdict, recoveries, more = "" } = details;
  const { records, windows, sessions, live, late, dead } = verdict.counts;
  const first = recoveries.map(({ firstMs }) => firstMs);
  const all = recoveries.map(({ allMs }) => allMs);
  const parts = [
    `${fault} × ${times}`,
    `${records} records, ${windows} windows, ${sessions} sessions, ${live} live windows, ${late} late, ${dead} dead letters`,
    `lost ${verdict.lost.length}, doubled ${verdict.doubled.length}, wrong ${verdict.wrong.length}`,
    ...(verdict.doubledLive.length > 0
      ? [`of windows that silence closed ${verdict.doubledLive.length} doubled`]
      : []),
    `recovery: first commit ${spread(first)}, every partition ${spread(all)}`,
    `appends failed ${run.feeder.failures()}`,
    `peak RSS of a worker ${(run.peakRssBytes() / 2 ** 20).toFixed(0)} MiB`,
    ...(more === "" ? [] : [more]),
  ];
  process.stdout.write(`${parts.join("; ")}\n`);
}

function spread(times: readonly number[]): string {
  if (times.length === 0) return "–";
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return `median ${seconds(median)} s, max ${seconds(sorted.at(-1) ?? 0)} s`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
