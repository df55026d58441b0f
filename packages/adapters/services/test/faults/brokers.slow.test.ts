import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../../scripts/services/control.ts";
import { cannotRun, expectNothingWrong, maxRssBytes } from "./harness/expectations.ts";
import { type FaultRun, faultRun, type Recovery } from "./harness/fault-run.ts";
import { report, rounds } from "./harness/report.ts";

const pausedMs = 1_000 * Math.min(30, 2 * rounds);
/** A broker takes a quarter of a minute to come back: its old session has to end first. */
const kills = Math.ceil(rounds / 3);

describe.skipIf(cannotRun)("brokers under topologies at work", () => {
  let opened: OwnServices | undefined;
  let running: FaultRun | undefined;
  const begin = async (brokers: number): Promise<{ run: FaultRun; services: OwnServices }> => {
    const services = await ownServices(["kafka"], { brokers });
    opened = services;
    const run = await faultRun({ env: { ...process.env, ...services.env } });
    running = run;
    return { run, services };
  };

  afterEach(async () => {
    await running?.close();
    await opened?.close();
    running = undefined;
    opened = undefined;
  }, 120_000);

  it(`lose and double nothing: ${kills} kill -9 of the only broker, and one pause of ${pausedMs / 1_000} s`, async () => {
    const { run, services } = await begin(1);
    const recoveries: Recovery[] = [];
    for (let round = 0; round < kills; round += 1) {
      await sleep(Math.random() * 1_000);
      await services.control.kill("kafka");
      await sleep(Math.random() * 2_000);
      await services.control.restart("kafka");
      recoveries.push(await run.recovery());
    }
    await services.control.pause("kafka");
    await sleep(pausedMs);
    await services.control.resume("kafka");
    const afterPause = await run.recovery();
    const verdict = await run.finish();
    report("kill -9 of the only broker and restart", { times: kills, run, verdict, recoveries });
    const fault = `the only broker paused for ${pausedMs / 1_000} s`;
    report(fault, { times: 1, run, verdict, recoveries: [afterPause] });
    expectNothingWrong(verdict);
    expect(run.peakRssBytes()).toBeLessThan(maxRssBytes);
  }, 3_600_000);

  it(`lose and double nothing: ${kills} kill -9 of one of three brokers`, async () => {
    const { run, services } = await begin(3);
    const recoveries: Recovery[] = [];
    for (let round = 0; round < kills; round += 1) {
      await sleep(Math.random() * 1_000);
      const broker = `kafka-${1 + Math.floor(Math.random() * 3)}`;
      await services.control.kill(broker);
      // The other two go on meanwhile.
      recoveries.push(await run.recovery());
      await services.control.restart(broker);
      await untilReplicated(run);
    }
    const verdict = await run.finish();
    report("kill -9 of one of three brokers", { times: kills, run, verdict, recoveries });
    expectNothingWrong(verdict);
    expect(run.peakRssBytes()).toBeLessThan(maxRssBytes);
  }, 3_600_000);
});

/** Resolves once every partition has all its replicas, so that the next broker that goes is the only one. */
async function untilReplicated({ eventLog }: FaultRun): Promise<void> {
  const admin = eventLog.client.admin();
  await admin.connect();
  try {
    for (const until = performance.now() + 60_000; performance.now() < until; ) {
      const { topics } = await admin.fetchTopicMetadata();
      const lacking = topics.flatMap(({ partitions }) =>
        partitions.filter(({ isr, replicas }) => isr.length < replicas.length),
      );
      if (lacking.length === 0) return;
      await sleep(200);
    }
    throw new Error("a restarted broker did not catch up within a minute");
  } finally {
    await admin.disconnect();
  }
}
