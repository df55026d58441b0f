import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { cannotRun, expectNothingWrong } from "./harness/expectations.ts";
import { type FaultRun, type FaultRunOptions, faultRun } from "./harness/fault-run.ts";
import { report, rounds } from "./harness/report.ts";

const perSecond = 600;
const fedMs = 1_000 * Math.max(5, Math.min(120, 2 * rounds));
const minute = 60_000;

describe.skipIf(cannotRun)("input that is hard to take", () => {
  let running: FaultRun | undefined;
  const feed = async (shop: FaultRunOptions["shop"]): Promise<FaultRun> => {
    running = await faultRun({ env: process.env, perSecond, shop });
    await sleep(fedMs);
    return running;
  };

  afterEach(async () => {
    await running?.close();
    running = undefined;
  }, 60_000);

  it("puts one poison message in a thousand to the dead letters, and takes all others", async () => {
    const run = await feed({ poisonEvery: 1_000 });
    const verdict = await run.finish();
    const poison = Math.floor(run.feeder.acknowledged.size / 1_000);
    report("one poison message in a thousand", { times: poison, run, verdict, recoveries: [] });
    expectNothingWrong(verdict);
    expect(poison).toBeGreaterThan(2);
    expect(verdict.counts.dead).toBeGreaterThan(poison);
  }, 600_000);

  it("gives late data beyond the watermark to the late topic, each event once", async () => {
    const run = await feed({ lateShare: 0.25, repeatShare: 0.1 });
    const verdict = await run.finish();
    const { late } = verdict.counts;
    report("events up to a minute late, and repeats", {
      times: late,
      run,
      verdict,
      recoveries: [],
    });
    expectNothingWrong(verdict);
    expect(late).toBeGreaterThan(run.feeder.acknowledged.size / 10);
  }, 600_000);

  it("takes events of producers whose clocks are wrong, and lets no clock close the windows of others", async () => {
    const run = await feed({ lateShare: 0, skewsMs: [0, 0, 0, 10 * minute, -500] });
    const verdict = await run.finish();
    const { late } = verdict.counts;
    const skewed = Math.floor(run.feeder.acknowledged.size / 5);
    report("a producer ten minutes ahead, one half a second behind", {
      times: skewed,
      run,
      verdict,
      recoveries: [],
    });
    expectNothingWrong(verdict);
    // Whoever is ahead moves time to the arrival of its events and no further.
    expect(late).toBe(0);
  }, 600_000);
});
