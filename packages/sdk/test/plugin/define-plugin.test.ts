import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { memory } from "../../src/memory/index.ts";
import { createPlatform } from "../../src/platform/index.ts";
import { definePlugin, optional, serviceToken } from "../../src/plugin/index.ts";
import type { EventLog, StateStore } from "../../src/ports/index.ts";

interface Greeter {
  greet(name: string): string;
}
const greeter = definePlugin({
  name: "greeter",
  version: "1.2.3",
  sdk: "0.x",
  personalData: "none",
  options: z.object({
    greeting: z.string().default("Hello"),
    times: z.number().int().min(1).max(3),
    nested: z.object({ list: z.array(z.enum(["a", "b"])) }).optional(),
  }),
  setup: (_ctx, { greeting, times }): Greeter => {
    expectTypeOf(greeting).toEqualTypeOf<string>();
    expectTypeOf(times).toEqualTypeOf<number>();
    return { greet: (name) => `${`${greeting} `.repeat(times)}${name}` };
  },
});
const absent = serviceToken<{ readonly n: number }>("absent");

describe("options", () => {
  test.each<[unknown, string, readonly string[]]>([
    [{ times: 7 }, "times", ["<=3", "7"]],
    [{ times: "2" }, "times", ["number", '"2"']],
    [{}, "times", ["number", "not given"]],
    [{ times: 1, greeting: 5 }, "greeting", ["string", "5"]],
    [{ times: 1, nested: { list: ["a", "c"] } }, "nested.list.1", ['"a"|"b"', '"c"']],
    ["times", "", ["object", '"times"']],
    [{ times: "x".repeat(500) }, "times", ["…"]],
  ])("%j: the error names the option %s, what is allowed and what came", (options, path, says) => {
    const call: (options: never) => unknown = greeter;
    try {
      call(options as never);
      expect.fail("it was taken");
    } catch (error) {
      expect(error).toMatchObject({ code: "ECAP_PLUGIN_OPTIONS", path });
      const { message } = error as Error;
      expect(message).toContain('plugin "greeter"');
      expect(message.length).toBeLessThan(300);
      for (const part of [path, ...says]) expect(message).toContain(part);
    }
  });

  test("need not be given where the plugin has none, or all have defaults", () => {
    const plain = definePlugin({
      name: "plain",
      version: "1.0.0",
      sdk: "0.x",
      personalData: "none",
      setup: () => 1,
    });
    expect(plain().options).toBeUndefined();
    expect(greeter({ times: 2 }).options).toEqual({ greeting: "Hello", times: 2 });
  });
});

test("types of options, ports, dependencies and the service are inferred", async () => {
  const user = definePlugin({
    name: "user",
    version: "1.0.0",
    sdk: "0.x",
    personalData: "none",
    requires: ["eventLog", "stateStore"],
    dependsOn: { greeter: greeter.service, absent: optional(absent) },
    setup(ctx, _options, deps) {
      expectTypeOf(ctx.ports.eventLog).toEqualTypeOf<EventLog>();
      expectTypeOf(ctx.ports.stateStore).toEqualTypeOf<StateStore>();
      expectTypeOf(ctx.ports).not.toHaveProperty("database");
      expectTypeOf(deps.greeter).toEqualTypeOf<Greeter>();
      expectTypeOf(deps.absent).toEqualTypeOf<{ readonly n: number } | undefined>();
      return { greeting: deps.greeter.greet("you"), absent: deps.absent };
    },
  });
  expectTypeOf(greeter).parameters.toEqualTypeOf<
    [
      options: {
        greeting?: string | undefined;
        times: number;
        nested?: { list: ("a" | "b")[] } | undefined;
      },
    ]
  >();
  const platform = await createPlatform({
    adapters: memory(),
    plugins: [user(), greeter({ times: 2 })],
  });
  const service = platform.service(user);
  expectTypeOf(service.greeting).toEqualTypeOf<string>();
  expect(service).toEqual({ greeting: "Hello Hello you", absent: undefined });
  expectTypeOf(platform.service(greeter)).toEqualTypeOf<Greeter>();
  await platform.stop();
});
