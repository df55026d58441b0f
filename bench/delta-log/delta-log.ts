import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { deltaRsSide, type Measured, noDeltaRs, ourSide } from "../delta-data/sides.ts";
import { inTemporaryDir } from "../processes.ts";
import type { Figure, Report } from "../report.ts";
import { writeLog } from "./write-log.ts";

/** Fewer by the environment, to see that it works. */
const commits = Number(process.env["ECAP_BENCH_COMMITS"] ?? 10_000);
const files = Number(process.env["ECAP_BENCH_FILES"] ?? 100_000);
const rounds = 3;

/** Opens a table of many commits and files until the list of its live files is there, with a checkpoint of all but the last commits and without. */
export async function deltaLog(): Promise<Report | string> {
  const without = noDeltaRs();
  if (without !== undefined) return without;
  return inTemporaryDir(async (dir) => {
    const [plain, checkpointed] = [join(dir, "plain"), join(dir, "checkpointed")];
    await writeLog(plain, { commits, files });
    await cp(plain, checkpointed, { recursive: true });
    await ourSide("delta-log/checkpoint.ts", checkpointed);
    const figures: Figure[] = [];
    const memory: Record<string, number> = {};
    for (const [name, folder] of [
      ["with a checkpoint", checkpointed],
      ["without one", plain],
    ] as const) {
      const ours: Measured[] = [];
      const peer: Measured[] = [];
      for (let round = 0; round < rounds; round += 1) {
        ours.push(await ourSide("delta-log/ours.ts", folder, String(files)));
        peer.push(await deltaRsSide("delta-log/peer.py", folder, String(files)));
      }
      figures.push({
        measure: `open ${name}`,
        unit: "s",
        better: "lower",
        ours: ours.map(({ seconds }) => seconds),
        peer: peer.map(({ seconds }) => seconds),
        target: { ratio: 2 },
      });
      memory[`ours, ${name}`] = Math.max(...ours.map(({ peakMb }) => peakMb));
      memory[`delta-rs, ${name}`] = Math.max(...peer.map(({ peakMb }) => peakMb));
    }
    await rm(dir, { recursive: true });
    const about = `a table of ${commits.toLocaleString("en")} commits with ${files.toLocaleString("en")} live files, ${rounds} rounds; peer: delta-rs`;
    return { name: "delta-log", about, figures, memory };
  });
}
