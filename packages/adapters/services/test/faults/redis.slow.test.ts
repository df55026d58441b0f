import { stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { redisStateStore } from "@ecap/adapter-redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../../scripts/services/control.ts";
import { cannotRun, expectNothingWrong, maxRssBytes } from "./harness/expectations.ts";
import { type FaultRun, faultRun, type Recovery } from "./harness/fault-run.ts";
import { report, rounds } from "./harness/report.ts";

const pausedMs = 1_000 * Math.min(30, 2 * rounds);
const lostMs = 1_000;

describe.skipIf(cannotRun)("Redis under topologies at work", () => {
  let services: OwnServices;
  let run: FaultRun | undefined;
  const begin = async (): Promise<FaultRun> => {
    run = await faultRun({ env: { ...process.env, ...services.env } });
    return run;
  };

  beforeAll(async () => {
    services = await ownServices(["redis"]);
  });
  afterAll(async () => {
    await services?.close();
  });
  const over = async (): Promise<void> => {
    await run?.close();
    run = undefined;
  };

  it(`loses and doubles nothing through ${rounds} kill -9 of Redis`, async () => {
    const running = await begin();
    const recoveries: Recovery[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) {
        await sleep(Math.random() * 1_000);
        await services.control.kill("redis");
        await sleep(Math.random() * 2_000);
        await services.control.restart("redis");
        recoveries.push(await running.recovery());
      }
      const verdict = await running.finish();
      report("kill -9 of Redis and restart", { times: rounds, run: running, verdict, recoveries });
      expectNothingWrong(verdict);
      expect(running.peakRssBytes()).toBeLessThan(maxRssBytes);
    } finally {
      await over();
    }
  }, 3_600_000);

  it(`loses and doubles nothing though Redis loses its last second ${rounds} times`, async () => {
    const running = await begin();
    const recoveries: Recovery[] = [];
    let lostBytes = 0;
    try {
      const file = await appendOnlyFile(services.env["ECAP_TEST_REDIS_URL"] ?? "");
      for (let round = 0; round < rounds; round += 1) {
        await sleep(Math.random() * 1_000);
        const { size } = await stat(file);
        await sleep(lostMs);
        await services.control.kill("redis");
        lostBytes += (await stat(file)).size - size;
        await truncate(file, size);
        await services.control.restart("redis");
        recoveries.push(await running.recovery());
      }
      const verdict = await running.finish();
      const more = `${lostBytes} bytes of the append-only file lost`;
      report("Redis loses its last second", {
        times: rounds,
        run: running,
        verdict,
        recoveries,
        more,
      });
      expect(lostBytes).toBeGreaterThan(0);
      expectNothingWrong(verdict, { mayRepeatSteps: true });
    } finally {
      await over();
    }
  }, 3_600_000);

  it(`goes on after Redis hung for ${pausedMs / 1_000} s`, async () => {
    const running = await begin();
    try {
      await services.control.pause("redis");
      await sleep(pausedMs);
      await services.control.resume("redis");
      const recoveries = [await running.recovery()];
      const verdict = await running.finish();
      const fault = `Redis paused for ${pausedMs / 1_000} s`;
      report(fault, { times: 1, run: running, verdict, recoveries });
      expectNothingWrong(verdict);
      expect(running.peakRssBytes()).toBeLessThan(maxRssBytes);
    } finally {
      await over();
    }
  }, 600_000);
});

/** Where Redis writes what it may not have synced. */
async function appendOnlyFile(url: string): Promise<string> {
  const store = redisStateStore({ url });
  try {
    await store.get(["any"]);
    if ("nodes" in store.client) throw new Error("one server, not a cluster");
    const [, dir = ""] = await store.client.config("GET", "dir");
    return join(dir, "appendonlydir", "appendonly.aof.1.incr.aof");
  } finally {
    await store.close();
  }
}
