import { rm } from "node:fs/promises";
import { join } from "node:path";
import { deltaRsSide, type Measured, noDeltaRs, ourSide } from "../delta-data/sides.ts";
import { inTemporaryDir } from "../processes.ts";
import type { Report } from "../report.ts";

/** Fewer by the environment, to see that it works. */
const lines = Number(process.env["ECAP_BENCH_LINES"] ?? 5_000_000);
const appends = Number(process.env["ECAP_BENCH_APPENDS"] ?? 50);
const rounds = Number(process.env["ECAP_BENCH_ROUNDS"] ?? 2);

/**
 * Order lines appended to a new table, from rows as JavaScript has them and from Arrow record batches; delta-rs takes the same rows as Arrow. What is
 * given is made before each append and is not timed. Ours are durable when an append ends: every file is synced, which delta-rs leaves to the system.
 */
export async function deltaWrite(): Promise<Report | string> {
  const without = noDeltaRs();
  if (without !== undefined) return without;
  return inTemporaryDir(async (dir) => {
    const [rows, arrow, peer]: [Measured[], Measured[], Measured[]] = [[], [], []];
    const sizes = [lines, appends].map(String);
    for (let round = 0; round < rounds; round += 1) {
      const [source, copy, theirs] = ["rows", "arrow", "delta-rs"].map((name) =>
        join(dir, `${name}${round}`),
      ) as [string, string, string];
      rows.push(await ourSide("delta-write/ours.ts", source, ...sizes));
      arrow.push(await ourSide("delta-write/arrow.ts", source, copy, ...sizes));
      const table = join(source, "order_lines");
      peer.push(await deltaRsSide("delta-write/peer.py", table, theirs, String(appends)));
      for (const made of [source, copy, theirs]) await rm(made, { recursive: true });
    }
    const rate = (sides: readonly Measured[]) => sides.map(({ seconds }) => lines / seconds);
    const figure = (measure: string, ours: readonly Measured[]) => ({
      measure,
      unit: "rows/s",
      better: "higher" as const,
      ours: rate(ours),
      peer: rate(peer),
      target: { ratio: 0.5 },
    });
    return {
      name: "delta-write",
      about: `${lines.toLocaleString("en")} order lines in ${appends} appends, ${rounds} rounds; peer: delta-rs, from Arrow`,
      figures: [figure("append rows", rows), figure("append Arrow batches", arrow)],
      memory: { "ours, rows": peak(rows), "ours, Arrow": peak(arrow), "delta-rs": peak(peer) },
    };
  });
}

function peak(sides: readonly Measured[]): number {
  return Math.max(...sides.map(({ peakMb }) => peakMb));
}
