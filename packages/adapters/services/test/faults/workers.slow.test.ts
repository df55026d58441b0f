import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { cannotRun, expectNothingWrong, maxRssBytes } from "./harness/expectations.ts";
import {
  type FaultRun,
  type FaultRunOptions,
  faultRun,
  type Recovery,
} from "./harness/fault-run.ts";
import { report, rounds } from "./harness/report.ts";

/** More than twice the time after which a group drops a silent member here. */
const stoppedMs = 4_500;
const slowStepMs = 4_000;
const slowForMs = 1_000 * Math.min(180, 5 * rounds);

describe.skipIf(cannotRun)("workers of a group", () => {
  let running: FaultRun | undefined;
  const begin = async (options: Partial<FaultRunOptions> = {}): Promise<FaultRun> => {
    running = await faultRun({ env: process.env, ...options });
    return running;
  };

  afterEach(async () => {
    await running?.close();
    running = undefined;
  }, 60_000);

  it(`fence one that hung for ${stoppedMs / 1_000} s and woke up, ${rounds} times`, async () => {
    const run = await begin();
    const recoveries: Recovery[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await sleep(Math.random() * 1_000);
      const place = round % 2;
      run.workers[place]?.signal("SIGSTOP");
      // Others take over what it held, and it wakes up with all it had in its hands.
      const taken = run.recovery();
      await sleep(stoppedMs);
      run.workers[place]?.signal("SIGCONT");
      recoveries.push(await taken);
    }
    const verdict = await run.finish();
    const fault = `a worker stopped for ${stoppedMs / 1_000} s and woken up`;
    report(fault, { times: rounds, run, verdict, recoveries });
    expectNothingWrong(verdict);
  }, 3_600_000);

  it(`survive a rebalance storm: ${rounds} joins and ${rounds} leaves, seconds apart`, async () => {
    const run = await begin();
    for (let round = 0; round < rounds; round += 1) {
      const guest = run.start(2 + (round % 2));
      await sleep(1_500 + Math.random() * 2_500);
      await guest.end(round % 3 === 2 ? "SIGKILL" : "SIGTERM");
      await sleep(Math.random() * 1_500);
    }
    const recoveries = [await run.recovery()];
    const verdict = await run.finish();
    const more = "every third leaves by kill -9";
    report("a worker joins and leaves", { times: rounds, run, verdict, recoveries, more });
    expectNothingWrong(verdict);
    expect(run.peakRssBytes()).toBeLessThan(maxRssBytes);
  }, 3_600_000);

  it(`stay small while a step is slower than what comes, for ${slowForMs / 1_000} s`, async () => {
    const run = await begin({ slowMs: slowStepMs });
    await sleep(slowForMs);
    const backlog = run.feeder.acknowledged.size - run.counted();
    const slow = run.workers.slice();
    for (const [place, worker] of slow.entries()) {
      await worker.end("SIGTERM");
      run.start(place, { slowMs: 0 });
    }
    const recoveries = [await run.recovery()];
    const verdict = await run.finish();
    const fault = `a step that takes ${slowStepMs / 1_000} s a batch, for ${slowForMs / 1_000} s`;
    const more = `${backlog} records behind at the end of it`;
    report(fault, { times: 1, run, verdict, recoveries, more });
    expectNothingWrong(verdict);
    expect(backlog).toBeGreaterThan(slowForMs / 10);
    expect(run.peakRssBytes()).toBeLessThan(maxRssBytes);
  }, 3_600_000);
});
