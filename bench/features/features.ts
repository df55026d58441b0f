import { existsSync } from "node:fs";
import { join } from "node:path";
import { handbookArrivals, handbookFeatures, readHandbook } from "@ecap/plugin-fraud/handbook";
import { startReplay } from "@ecap/sdk/features";
import { memoryMb, root } from "../processes.ts";
import type { Report } from "../report.ts";

const folder = join(root, "../shared/data/fraud_handbook");

/** Replays all transactions of the Fraud Detection Handbook and their labels, fifteen features each, on one thread, reading the files included. */
export async function features(): Promise<Report | string> {
  if (!existsSync(folder)) return `there is no ${folder}`;
  const begun = performance.now();
  const cpu = process.cpuUsage();
  const replay = startReplay(handbookFeatures);
  let payments = 0;
  let memory = 0;
  for await (const { arrival, transaction } of handbookArrivals(readHandbook(folder))) {
    if (transaction === undefined) {
      replay.pass(arrival);
      continue;
    }
    replay.add(arrival);
    payments += 1;
    if (payments % 100_000 === 0) memory = Math.max(memory, memoryMb(process.pid));
  }
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    name: "features",
    about: `${payments} payments and their labels × ${handbookFeatures.features.length} features in order of arrival`,
    figures: [
      { measure: "all of it", unit: "s", better: "lower", ours: [seconds], target: { value: 120 } },
      { measure: "processor time", unit: "s", better: "lower", ours: [(user + system) / 1e6] },
      { measure: "payments", unit: "1/s", better: "higher", ours: [payments / seconds] },
    ],
    memory: { process: memory },
  };
}
