import { cp } from "node:fs/promises";
import { join } from "node:path";
import { deltaRsSide, noDeltaRs, ourSide } from "../delta-data/sides.ts";
import { inTemporaryDir } from "../processes.ts";
import type { Report } from "../report.ts";

/** Fewer by the environment, to see that it works. */
const lines = Number(process.env["ECAP_BENCH_LINES"] ?? 10_000_000);
const merged = Math.ceil(lines / 10);

/** A merge into a table of order lines: half of its rows are in the table, one in twenty of every file's, and half are new. Both sides merge into the same files. */
export async function deltaMerge(): Promise<Report | string> {
  const without = noDeltaRs();
  if (without !== undefined) return without;
  return inTemporaryDir(async (dir) => {
    const [made, source, theirs] = ["ours", "source", "theirs"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const table = join(made, "order_lines");
    const appends = String(Math.ceil(lines / 500_000));
    await ourSide("delta-write/ours.ts", made, String(lines), appends);
    await ourSide("delta-merge/make-source.ts", source, String(lines), String(merged));
    await cp(table, theirs, { recursive: true });
    const ours = await ourSide("delta-merge/ours.ts", table, String(lines), String(merged));
    const peer = await deltaRsSide("delta-merge/peer.py", theirs, source, String(merged));
    return {
      name: "delta-merge",
      about: `${merged.toLocaleString("en")} rows merged into ${lines.toLocaleString("en")}; peer: delta-rs, from Arrow`,
      figures: [
        {
          measure: "merge",
          unit: "s",
          better: "lower",
          ours: [ours.seconds],
          peer: [peer.seconds],
          target: { ratio: 3 },
        },
      ],
      memory: { ours: ours.peakMb, "delta-rs": peer.peakMb },
    };
  });
}
