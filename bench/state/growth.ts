import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Report } from "../report.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const worker = fileURLToPath(new URL("./growth-worker.ts", import.meta.url));
const events = Number(process.env["ECAP_BENCH_EVENTS"] ?? 3_000_000);
const sizes = [10_000, 1_000_000, 10_000_000];

/** How throughput and memory of one processor go with the number of keys its windows are open for; each in a process of its own. */
export async function growth(): Promise<Report> {
  const results = [];
  for (const keys of sizes) results.push({ keys, ...(await run(keys)) });
  const fewest = results[0]?.perSecond ?? Number.NaN;
  return {
    name: "growth",
    about: `${events} events through dedupe and one-minute windows on LMDB, by number of keys; peer: the fewest keys`,
    figures: results.map(({ keys, perSecond }) => ({
      measure: `${keys.toLocaleString("en")} keys`,
      unit: "events/s",
      better: "higher",
      ours: [perSecond],
      peer: [fewest],
    })),
    memory: Object.fromEntries(
      results.map(({ keys, rssMb }) => [`${keys.toLocaleString("en")} keys`, rssMb]),
    ),
  };
}

function run(keys: number): Promise<{ readonly perSecond: number; readonly rssMb: number }> {
  const child = spawn(process.execPath, ["--import", tsx, worker, String(events), String(keys)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) =>
      code === 0
        ? resolve(JSON.parse(output))
        : reject(new Error(`${keys} keys ended with ${code}`)),
    );
  });
}
