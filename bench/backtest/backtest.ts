import { existsSync } from "node:fs";
import { join } from "node:path";
import { type BacktestRow, backtest } from "@ecap/plugin-fraud";
import { handbookArrivals, handbookFeatures, readHandbook } from "@ecap/plugin-fraud/handbook";
import { startReplay } from "@ecap/sdk/features";
import { compilePack, patterns } from "../../scripts/reports/fraud-handbook/rule-pack.ts";
import { backtestRow } from "../../scripts/reports/fraud-handbook/rule-rows.ts";
import { memoryMb, root } from "../processes.ts";
import type { Report } from "../report.ts";

const folder = join(root, "../shared/data/fraud_handbook");

/** Backtests twenty rules beside another rule set over all transactions of the Fraud Detection Handbook, its fifteen features replayed on the way, on one thread, reading the files included. */
export async function backtestBench(): Promise<Report | string> {
  if (!existsSync(folder)) return `there is no ${folder}`;
  const candidate = compilePack({
    name: "twenty",
    rules: patterns.map(({ id, when, among }) => ({
      id,
      when: when.replace("$", String(among[Math.floor(among.length / 2)])),
      points: 20,
      code: "R",
    })),
  });
  const active = compilePack({
    name: "one",
    rules: [{ id: "large", when: "amount >= 220", outcome: "review", code: "R" }],
  });
  const thresholds = { challenge: 30, review: 50, decline: 80 };
  const begun = performance.now();
  const cpu = process.cpuUsage();
  const report = await backtest(payments(), { candidate, active, thresholds });
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const memory = memoryMb(process.pid, "VmHWM");
  return {
    name: "backtest",
    about: `${report.rows} payments × ${candidate.rules.length} rules beside another rule set × ${handbookFeatures.features.length} features replayed; ${report.frauds} frauds, ${report.figures.stoppedFrauds} of them stopped`,
    figures: [
      { measure: "all of it", unit: "s", better: "lower", ours: [seconds], target: { value: 180 } },
      {
        measure: "peak memory",
        unit: "MB",
        better: "lower",
        ours: [memory],
        target: { value: 2_000 },
      },
      { measure: "processor time", unit: "s", better: "lower", ours: [(user + system) / 1e6] },
      { measure: "payments", unit: "1/s", better: "higher", ours: [report.rows / seconds] },
    ],
    memory: { process: memory },
  };
}

/** Every payment with its features as of it, in order of arrival. */
async function* payments(): AsyncGenerator<BacktestRow> {
  const replay = startReplay(handbookFeatures);
  for await (const { arrival, transaction } of handbookArrivals(readHandbook(folder))) {
    if (transaction === undefined) replay.pass(arrival);
    else
      yield backtestRow({
        transaction,
        features: replay.add(arrival),
        decidedAt: transaction.time,
      });
  }
}
