import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { defineEvent } from "../../src/events/index.ts";
import { systemEvents } from "../../src/health/alert-events.ts";
import { defineLakeTable } from "../../src/lake/index.ts";
import { memory } from "../../src/memory/index.ts";
import { createPlatform } from "../../src/platform/index.ts";
import { optional, serviceToken } from "../../src/plugin/index.ts";
import { testPlugin } from "./plugins.ts";

const event = (fields: object) =>
  defineEvent({
    type: "thing.happened",
    version: 1,
    topic: "user-events",
    description: "",
    schema: z.object({ a: z.string() }),
    ...fields,
  });
const table = (name: string) =>
  defineLakeTable({ name, description: "", columns: [], from: [], rows: () => [] });
const needs = (name: string) => ({ other: serviceToken<unknown>(name) });

describe("what is wrong with a composition is said before anything of a plugin runs", () => {
  const setup = vi.fn(() => ({}));
  const plugin = (name: string, more: object = {}) => testPlugin(name, { setup, ...more });

  test.each([
    ["ECAP_PLUGIN_DUPLICATE", '"a"', () => [plugin("a"), plugin("b"), plugin("a")]],
    ["ECAP_PLUGIN_INVALID", '"Not A Name"', () => [plugin("a"), plugin("Not A Name")]],
    ["ECAP_PLUGIN_INVALID", '""', () => [plugin("")]],
    [
      "ECAP_PLUGIN_INVALID",
      "personalData",
      () => [plugin("a"), plugin("b", { personalData: undefined })],
    ],
    ["ECAP_PLUGIN_SDK_RANGE", "9.x", () => [plugin("a"), plugin("b", { sdk: "9.x" })]],
    [
      "ECAP_PLUGIN_MISSING_DEPENDENCY",
      '"b" needs plugin "zebra"',
      () => [plugin("a"), plugin("b", { dependsOn: needs("zebra") })],
    ],
    [
      "ECAP_PLUGIN_CYCLE",
      "a → b → c → a",
      () => [
        plugin("a", { dependsOn: needs("b") }),
        plugin("b", { dependsOn: needs("c") }),
        plugin("c", { dependsOn: needs("a") }),
      ],
    ],
    ["ECAP_PLUGIN_CYCLE", "a → a", () => [plugin("a", { dependsOn: needs("a") })]],
    [
      "ECAP_PORT_MISSING",
      '"b" needs the port "queryEngine", which no adapter brings; add @ecap/adapter-duckdb',
      () => [plugin("a"), plugin("b", { requires: ["queryEngine"] })],
    ],
    [
      "ECAP_SCHEMA_INCOMPATIBLE",
      "thing.happened/1",
      () => [
        plugin("a", { events: { produces: [event({})] } }),
        plugin("b", { events: { consumes: [event({ schema: z.object({ b: z.number() }) })] } }),
      ],
    ],
    [
      "ECAP_SCHEMA_INCOMPATIBLE",
      '"Thing" already names thing.happened',
      () => [
        plugin("a", { events: { produces: [event({ aliases: ["thing"] })] } }),
        plugin("b", { events: { produces: [event({ type: "b.c", aliases: ["Thing"] })] } }),
      ],
    ],
    [
      "ECAP_TOPIC_UNKNOWN",
      '"nowhere"',
      () => [plugin("a", { events: { produces: [event({ topic: "nowhere" })] } })],
    ],
    [
      "ECAP_PLUGIN_INVALID",
      '"t"',
      () => [plugin("a", { tables: [table("t")] }), plugin("b", { tables: [table("t")] })],
    ],
  ])("%s: %s", async (code, says, plugins) => {
    setup.mockClear();
    const adapters = memory();
    const createTopic = vi.spyOn(adapters.eventLog, "createTopic");
    const close = vi.fn(async () => {});
    await expect(
      createPlatform({ adapters: { ...adapters, close }, plugins: plugins() }),
    ).rejects.toMatchObject({ code, message: expect.stringContaining(says) as string });
    expect(setup).not.toHaveBeenCalled();
    expect(createTopic).not.toHaveBeenCalled();
    expect(close).toHaveBeenCalledOnce();
  });
});

const platformOf = (value: number) =>
  createPlatform({
    adapters: memory(),
    plugins: [testPlugin("same", { setup: () => ({ value }) })],
  });

describe("plugins are set up after what they depend on", () => {
  test("whatever their order, with the services they asked for", async () => {
    const order: string[] = [];
    const made = (name: string, more: object = {}) =>
      testPlugin(name, {
        ...more,
        setup: (_ctx, _options, deps) => {
          order.push(name);
          return { name, deps };
        },
      });
    const platform = await createPlatform({
      adapters: memory(),
      plugins: [
        made("d", { dependsOn: { ...needs("c"), absent: optional(serviceToken("missing")) } }),
        made("c", { dependsOn: { b: optional(serviceToken("b")) } }),
        made("a"),
        made("b", { dependsOn: needs("a") }),
      ],
    });
    expect(order).toEqual(["a", "b", "c", "d"]);
    const d = platform.service<{ deps: { other: { name: string }; absent: unknown } }>({
      service: serviceToken("d"),
    });
    expect(d.deps.other.name).toBe("c");
    expect(d.deps.absent).toBeUndefined();
    expect(() => platform.service({ service: serviceToken("nobody") })).toThrow(
      expect.objectContaining({ code: "ECAP_SERVICE_UNKNOWN" }) as Error,
    );
    await platform.stop();
  });

  test("a table two plugins bring is one table, an event one event", async () => {
    const shared = table("t");
    const happened = event({});
    const platform = await createPlatform({
      adapters: memory(),
      plugins: [
        testPlugin("a", { tables: [shared], events: { produces: [happened] } }),
        testPlugin("b", { tables: [shared], events: { consumes: [happened] } }),
      ],
    });
    expect(platform.tables).toEqual([shared]);
    expect(platform.registry.list()).toEqual([...systemEvents, happened]);
    await platform.stop();
  });

  test("two platforms in one process keep their services apart", async () => {
    const [one, two] = await Promise.all([platformOf(1), platformOf(2)]);
    const token = { service: serviceToken<{ value: number }>("same") };
    expect([one.service(token).value, two.service(token).value]).toEqual([1, 2]);
    await Promise.all([one.stop(), two.stop()]);
  });
});

describe("adapters", () => {
  test("of two that bring one port the later wins, and the plan says which", async () => {
    const mine = memory().stateStore;
    const platform = await createPlatform({
      adapters: [memory(), { name: "mine", stateStore: mine }],
      plugins: [],
    });
    expect(platform.port("stateStore")).toBe(mine);
    expect(platform.explain().ports).toContainEqual({ port: "stateStore", adapter: "mine" });
    expect(platform.explain().ports).toContainEqual({ port: "eventLog", adapter: "memory" });
    await platform.stop();
  });

  test("a port that is not there says which to add, when it is asked for", async () => {
    const platform = await createPlatform({ adapters: {}, plugins: [] });
    expect(platform.has("tableStore")).toBe(false);
    expect(() => platform.port("tableStore")).toThrow(/"tableStore".*@ecap\/adapter-delta/);
    expect(platform.port("clock").now()).toBeGreaterThan(0);
    await platform.stop();
  });

  test("one that does not close keeps nobody from closing", async () => {
    const close = vi.fn(async () => {});
    const platform = await createPlatform({
      adapters: [
        { ...memory(), close },
        { name: "stuck", close: () => Promise.reject(new Error("stuck")) },
      ],
      plugins: [],
    });
    await platform.stop();
    await platform.stop();
    expect(close).toHaveBeenCalledOnce();
  });
});
