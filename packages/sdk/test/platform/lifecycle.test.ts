import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { EcapError } from "../../src/errors/index.ts";
import { defineEvent } from "../../src/events/index.ts";
import { manualClock, memory } from "../../src/memory/index.ts";
import { createPlatform, formatBootPlan } from "../../src/platform/index.ts";
import { serviceToken } from "../../src/plugin/index.ts";
import { topology } from "../../src/streams/index.ts";
import { eventually, readTopic } from "../../src/testing/index.ts";
import { testPlugin } from "./plugins.ts";

/** A plugin that writes down what is called of it. */
const recorded = (calls: string[], name: string, more: object = {}) =>
  testPlugin(name, {
    setup: () => void calls.push(`setup ${name}`),
    start: async () => void calls.push(`start ${name}`),
    stop: async () => void calls.push(`stop ${name}`),
    ...more,
  });

const never = () => new Promise<void>(() => {});

describe("start and stop", () => {
  test("run in the order of dependencies, and backwards", async () => {
    const calls: string[] = [];
    const platform = await createPlatform({
      adapters: { ...memory(), close: async () => void calls.push("close") },
      plugins: [
        recorded(calls, "b", { dependsOn: { a: serviceToken("a") } }),
        recorded(calls, "a"),
      ],
    });
    expect(platform.explain().plugins.map(({ state }) => state)).toEqual(["ready", "ready"]);
    await platform.start();
    await platform.start();
    expect(platform.explain().plugins.map(({ state }) => state)).toEqual(["running", "running"]);
    await platform.stop();
    await platform.stop();
    expect(calls).toEqual([
      "setup a",
      "setup b",
      "start a",
      "start b",
      "stop b",
      "stop a",
      "close",
    ]);
    expect(platform.explain().plugins.map(({ state }) => state)).toEqual(["stopped", "stopped"]);
  });

  test("each have a time limit, and one that does not stop keeps nobody from stopping", async () => {
    const calls: string[] = [];
    await expect(
      createPlatform({
        adapters: memory(),
        plugins: [testPlugin("slow", { setup: never, timeoutMs: 20 })],
      }),
    ).rejects.toMatchObject({
      code: "ECAP_PLUGIN_TIMEOUT",
      message: 'setup of plugin "slow" took longer than 20 ms',
    });
    const starting = await createPlatform({
      adapters: memory(),
      plugins: [
        recorded(calls, "a"),
        recorded(calls, "slow", { start: never, timeoutMs: 20 }),
        recorded(calls, "z"),
      ],
    });
    await expect(starting.start()).rejects.toMatchObject({ code: "ECAP_PLUGIN_TIMEOUT" });
    await starting.stop();
    expect(calls.slice(3)).toEqual(["start a", "stop a"]);
    calls.length = 0;
    const stopping = await createPlatform({
      adapters: memory(),
      plugins: [
        recorded(calls, "a"),
        recorded(calls, "slow", { stop: never, timeoutMs: 20 }),
        recorded(calls, "broken", { stop: () => Promise.reject(new Error("no")) }),
      ],
    });
    await stopping.start();
    await stopping.stop();
    expect(calls.at(-1)).toBe("stop a");
  });

  test("a setup that fails names the plugin and the reason, and lets go of the adapters", async () => {
    const close = vi.fn(async () => {});
    const broken = (error: Error) =>
      createPlatform({
        adapters: { ...memory(), close },
        plugins: [
          testPlugin("bad", {
            setup: () => {
              throw error;
            },
          }),
        ],
      });
    const cause = new Error("no luck");
    await expect(broken(cause)).rejects.toMatchObject({
      code: "ECAP_PLUGIN_FAILED",
      message: 'setup of plugin "bad" failed: no luck',
      cause,
    });
    await expect(broken(new EcapError("ECAP_MODEL_INVALID", "x"))).rejects.toMatchObject({
      code: "ECAP_MODEL_INVALID",
    });
    expect(close).toHaveBeenCalledTimes(2);
  });
});

const seen = defineEvent({
  type: "page.seen",
  version: 1,
  topic: "user-events",
  description: "",
  schema: z.object({}),
});

/** A plugin that passes every event on, through `map`. */
const passing = (name: string, map: () => void) =>
  testPlugin(name, {
    events: { consumes: [seen] },
    topics: { [`${name}-out`]: { partitions: 1 } },
    topologies: () => [
      topology(name)
        .from({ topics: ["user-events"] })
        .map((event) => {
          map();
          return event;
        })
        .to({ topic: `${name}-out` }),
    ],
  });

describe("a plugin's topology that fails", () => {
  test("is paused by its own breaker; events are taken in and the other plugin goes on", async () => {
    const clock = manualClock(1_000_000);
    let broken = true;
    let failures = 0;
    const platform = await createPlatform({
      adapters: memory({ clock }),
      plugins: [
        passing("good", () => {}),
        passing("bad", () => {
          if (!broken) return;
          failures += 1;
          throw new Error("a bug of the plugin");
        }),
      ],
    });
    await platform.start(["topologies"]);
    const emit = () => platform.emit({ type: "page.seen", tenant: "acme", data: {} });
    const breakers = () =>
      Object.fromEntries(
        platform
          .explain()
          .plugins.map(({ name, topologies }) => [name, topologies[0]?.breaker ?? ""]),
      );
    const out = async (name: string) =>
      (await readTopic(platform.port("eventLog"), `${name}-out`)).length;
    await emit();
    await eventually(() => expect(breakers()).toEqual({ good: "closed", bad: "open" }));
    const before = failures;
    for (let i = 0; i < 20; i += 1) await emit();
    await eventually(async () => expect(await out("good")).toBe(21));
    await sleep(150);
    expect(failures).toBe(before);
    expect(await out("bad")).toBe(0);

    broken = false;
    clock.advance(60_000);
    // The first was given up before the breaker opened; no other was.
    await eventually(async () => expect(await out("bad")).toBe(20));
    expect(await readTopic(platform.port("eventLog"), "user-events.dlq")).toHaveLength(1);
    expect(breakers()).toEqual({ good: "closed", bad: "closed" });
    await platform.stop();
  }, 20_000);
});

describe("events a plugin emits", () => {
  const raised = defineEvent({
    type: "alarm.raised",
    version: 2,
    topic: "fraud-alerts",
    description: "",
    schema: z.object({ level: z.number() }),
    subject: ({ level }) => `level ${level}`,
  });

  test("are checked, filled in and in the log when emit resolves", async () => {
    const clock = manualClock(1_700_000_000_000);
    const plugin = testPlugin("alarm", {
      events: { produces: [raised] },
      setup: (ctx) => ctx,
    });
    const platform = await createPlatform({ adapters: memory({ clock }), plugins: [plugin] });
    const ctx = platform.service<{ emit: typeof platform.emit }>({
      service: serviceToken("alarm"),
    });
    const id = await ctx.emit({ type: "alarm.raised", tenant: "acme", data: { level: 3 } });
    const [record] = await readTopic(platform.port("eventLog"), "fraud-alerts");
    expect(record && platform.decode(record)).toMatchObject({
      id,
      type: "alarm.raised",
      source: "ecap/alarm",
      tenant: "acme",
      time: clock.now(),
      receivedAt: clock.now(),
      dataschema: "alarm.raised/2",
      subject: "level 3",
      data: { level: 3 },
    });
    await expect(
      ctx.emit({ type: "alarm.raised", tenant: "acme", data: { level: "high" } }),
    ).rejects.toMatchObject({ code: "ECAP_EVENT_INVALID", path: "/data/level" });
    await expect(ctx.emit({ type: "what", tenant: "acme", data: {} })).rejects.toMatchObject({
      code: "ECAP_SCHEMA_UNKNOWN",
    });
    await platform.stop();
  });
});

test("the boot plan says what each plugin contributes", async () => {
  const platform = await createPlatform({
    adapters: memory(),
    plugins: [
      testPlugin("full", {
        requires: ["eventLog"],
        topics: { own: { partitions: 2 } },
        jobs: () => [{ name: "full.tidy", schedule: { everyMs: 1_000 }, run: async () => {} }],
        metrics: [
          {
            name: "full.count",
            version: 1,
            description: "",
            unit: "count",
            series: () => expect.fail(),
          },
        ],
        personalData: {
          holds: [
            { what: "visits", where: "table visits", fields: ["ip"], purpose: "", retention: "" },
          ],
          export: async () => ({}),
          erase: async () => ({ erased: 0 }),
        },
      }),
    ],
  });
  const text = formatBootPlan(platform.explain());
  for (const part of ["full 1.0.0", "own", "full.tidy", "full.count", "table visits"])
    expect(text).toContain(part);
  expect(JSON.parse(JSON.stringify(platform.explain()))).toEqual(platform.explain());
  await platform.stop();
});
