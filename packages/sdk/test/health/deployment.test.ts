import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { EcapError } from "../../src/errors/index.ts";
import { systemAlertRaised, systemAlertResolved } from "../../src/health/index.ts";
import { type ManualClock, manualClock, memoryStore } from "../../src/memory/index.ts";
import { createPlatform, type Platform, type PlatformOptions } from "../../src/platform/index.ts";
import type { Plugin } from "../../src/plugin/index.ts";
import { topology } from "../../src/streams/index.ts";
import { eventually, readTopic } from "../../src/testing/index.ts";
import { testPlugin } from "../platform/plugins.ts";

const publishEveryMs = 5;
const running: Platform[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((platform) => platform.stop()));
});

/** Processes of one deployment: platforms over the same stores. */
function deployment(plugins: readonly Plugin[], options: Partial<PlatformOptions> = {}) {
  const clock: ManualClock = manualClock(Date.UTC(2026, 0, 15));
  const store = memoryStore({ clock });
  return {
    clock,
    store,
    process: async (): Promise<Platform> => {
      const platform = await createPlatform({
        adapters: [{ ...store, close: undefined, clock }],
        plugins,
        ...options,
      });
      running.push(platform);
      return platform;
    },
    send: (count: number, text = "{}") =>
      store.eventLog.append(
        "user-events",
        Array.from({ length: count }, (_, i) => ({
          key: `c${i}`,
          value: new TextEncoder().encode(text === "{}" ? `{"id":"${i}","type":"x"}` : text),
          timestamp: clock.now(),
        })),
      ),
    async told() {
      const records = await readTopic(store.eventLog, "system-metrics");
      return records
        .map(({ value }) => JSON.parse(new TextDecoder().decode(value)))
        .toSorted((a, b) => (a.time < b.time ? -1 : 1));
    },
  };
}

/** Looks for alerts as the scheduler would, every 15 s, when all processes have said how they are. */
async function look(platforms: readonly Platform[], clock: ManualClock, times: number) {
  for (let i = 0; i < times; i += 1) {
    clock.advance(15_000);
    await sleep(5 * publishEveryMs);
    for (const platform of platforms)
      await platform.background?.jobs?.runNow("system-alerts").catch(() => {});
  }
}

const through = (step: () => Promise<void> | void) =>
  testPlugin("reader", {
    topologies: () => [
      topology("read")
        .from({ topics: ["user-events"] })
        .process(async () => step()),
    ],
  });

describe("the health of a deployment", () => {
  test("says how far each consumer is, whether or not a process runs it", async () => {
    const { process, send } = deployment([through(() => {})]);
    const api = await process();
    await api.start([]);
    await send(100);
    const [absent] = (await api.health.deployment()).consumers;
    expect(absent).toMatchObject({
      name: "topology/read",
      kind: "topology",
      state: "absent",
      lag: 100,
    });
    const worker = await process();
    await worker.start(["topologies"]);
    await worker.drain();
    const own = await worker.health.process();
    expect(own.consumers).toMatchObject([
      { name: "topology/read", state: "running", deadLetters: 0 },
    ]);
    const [done] = (await worker.health.deployment()).consumers;
    expect(done).toMatchObject({ state: "running", lag: 0 });
    expect(done?.partitions.reduce((sum, { position = 0 }) => sum + position, 0)).toBe(100);
    expect(new Set(done?.partitions.map((each) => each.process))).toEqual(new Set([own.id]));
  });

  test("lists every process with when it was last heard of, those that died among them, until it forgets them", async () => {
    const { process, clock } = deployment([]);
    const [one, two] = [await process(), await process()];
    await one.start(["jobs"]);
    await two.start(["topologies"]);
    const { id } = await two.health.process();
    await eventually(async () => {
      expect((await one.health.deployment()).processes).toHaveLength(2);
    });
    // It says nothing any more: its timer is by the real clock.
    clock.advance(61_000);
    const seen = await one.health.deployment();
    expect(seen.processes).toMatchObject([
      { id, state: "silent", work: ["topologies"] },
      { state: "alive", work: ["jobs"] },
    ]);
    clock.advance(3_600_000);
    expect((await one.health.deployment()).processes).toHaveLength(1);
  });

  test("one that ends when it is asked to takes its leave", async () => {
    const { process } = deployment([]);
    const [one, two] = [await process(), await process()];
    await one.start();
    await two.start();
    await eventually(async () => {
      expect((await one.health.deployment()).processes).toHaveLength(2);
    });
    await two.stop();
    expect((await one.health.deployment()).processes).toHaveLength(1);
  });
});

test("while the log does not answer, health does: how processes are, without lags", async () => {
  const clock = manualClock(0);
  const store = memoryStore({ clock });
  let isDown = false;
  const offsets: typeof store.eventLog.offsets = async (topic) => {
    if (isDown) throw new EcapError("ECAP_SERVICE_UNREACHABLE", "no brokers");
    return store.eventLog.offsets(topic);
  };
  const platform = await createPlatform({
    adapters: [{ ...store, eventLog: { ...store.eventLog, offsets }, clock }],
    plugins: [through(() => {})],
  });
  running.push(platform);
  await platform.start();
  expect(await platform.health.deployment()).toMatchObject({ status: "ok", log: "ok" });
  isDown = true;
  expect(await platform.health.deployment()).toMatchObject({
    status: "degraded",
    log: "unreachable",
    processes: [{ state: "alive" }],
    consumers: [{ name: "topology/read", state: "running", partitions: [] }],
  });
});

describe("alert events", () => {
  test("of a topology that fails: raised once, by whichever process looks, and resolved when it goes on", async () => {
    let broken = true;
    const step = (): void => {
      if (broken) throw new EcapError("ECAP_SERVICE_UNREACHABLE", "it is down");
    };
    const fleet = deployment([through(step)], {
      health: { tenant: "ops", everyMs: publishEveryMs },
    });
    const platforms = [await fleet.process(), await fleet.process()];
    await platforms[0]?.start(["topologies", "jobs"]);
    await platforms[1]?.start(["jobs"]);
    await fleet.send(1);
    await eventually(async () => {
      const health = await platforms[0]?.health.process();
      expect(health?.consumers[0]?.failing).toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE" });
    });
    await look(platforms, fleet.clock, 6);
    const [raised, ...more] = await fleet.told();
    expect(more).toEqual([]);
    expect(raised).toMatchObject({
      type: systemAlertRaised.type,
      source: "ecap/health",
      data: { kind: "consumer-failing", code: "ECAP_SERVICE_UNREACHABLE", severity: "critical" },
    });
    expect(await platforms[1]?.health.deployment()).toMatchObject({
      status: "degraded",
      alerts: [{ alertId: raised.data.alertId }],
    });
    broken = false;
    await eventually(async () => {
      const health = await platforms[0]?.health.process();
      expect(health?.consumers[0]?.failing).toBeUndefined();
    });
    await look(platforms, fleet.clock, 6);
    expect(await fleet.told()).toMatchObject([
      {},
      { type: systemAlertResolved.type, data: { alertId: raised.data.alertId } },
    ]);
    expect(await platforms[0]?.health.deployment()).toMatchObject({ status: "ok", alerts: [] });
    const [record] = await readTopic(fleet.store.eventLog, "system-metrics");
    expect(record?.headers["tenant"]).toBe("ops");
  });

  test("of a consumer that is far behind, of dead letters, and of a dependency", async () => {
    const fleet = deployment([through(() => {})], {
      health: { limits: { lagRecords: 100, deadLettersPerMinute: 10 } },
    });
    const platform = await fleet.process();
    let up = false;
    platform.health.watchDependencies(async () => [
      { name: "lake", status: up ? "ok" : "failed", needed: true, since: 0, message: "refused" },
    ]);
    await platform.start(["jobs"]);
    await fleet.send(101);
    await look([platform], fleet.clock, 1);
    await fleet.store.eventLog.append(
      "user-events.dlq",
      Array.from({ length: 11 }, () => ({ value: new Uint8Array(1), timestamp: 0 })),
    );
    await look([platform], fleet.clock, 6);
    const kinds = (await fleet.told()).map(({ type, data }) => `${type} ${data.kind}`);
    expect(kinds.toSorted()).toEqual([
      "system.alert.raised consumer-lag",
      "system.alert.raised dependency-failing",
    ]);
    up = true;
    await platform.background?.stop();
    await look([platform], fleet.clock, 8);
    const resolved = (await fleet.told()).slice(2);
    expect(resolved.map(({ data }) => data.kind)).toEqual(["dependency-failing"]);
  });

  test("of dead letters that come fast", async () => {
    const fleet = deployment([], { health: { limits: { deadLettersPerMinute: 10 } } });
    const platform = await fleet.process();
    await platform.start(["jobs"]);
    const bury = (count: number) =>
      fleet.store.eventLog.append(
        "transactions.dlq",
        Array.from({ length: count }, () => ({ value: new Uint8Array(1), timestamp: 0 })),
      );
    await bury(50);
    await look([platform], fleet.clock, 4);
    expect(await fleet.told()).toEqual([]);
    for (let i = 0; i < 5; i += 1) {
      await bury(4);
      await look([platform], fleet.clock, 1);
    }
    expect(await fleet.told()).toMatchObject([
      { data: { kind: "dead-letters", target: "transactions" } },
    ]);
    await look([platform], fleet.clock, 12);
    expect(await fleet.told()).toMatchObject([{}, { type: systemAlertResolved.type }]);
  });

  test("of a process that died", async () => {
    const fleet = deployment([]);
    const [one, two] = [await fleet.process(), await fleet.process()];
    await one.start(["jobs"]);
    await two.start(["topologies"]);
    await eventually(async () => {
      expect((await one.health.deployment()).processes).toHaveLength(2);
    });
    await look([one], fleet.clock, 7);
    expect(await fleet.told()).toMatchObject([{ data: { kind: "process-silent" } }]);
  });
});
