import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type Compatibility,
  createSchemaRegistry,
  defineEvent,
  incompatibilities,
  type JsonSchema,
} from "../../src/events/index.ts";

const event = (version: number, schema: z.ZodType, aliases: readonly string[] = []) =>
  defineEvent({ type: "a.b", version, topic: "user-events", description: "", schema, aliases });
const json = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: "input" }) as JsonSchema;

describe("the registry", () => {
  test("finds events by type, version and alias, whatever the case, the newest first", () => {
    const registry = createSchemaRegistry();
    const one = event(1, z.object({ a: z.string() }), ["Did A"]);
    const two = event(2, z.object({ a: z.string(), b: z.string().optional() }), ["A Done"]);
    registry.register(one);
    registry.register(two);
    registry.register(two);
    expect(registry.get("a.b")).toBe(two);
    expect(registry.get("a.b", 1)).toBe(one);
    expect(registry.get("a.b", 3)).toBeUndefined();
    for (const name of ["a.b", "A.B", "did a", "DID A", "A Done"])
      expect(registry.resolve(name)).toBe(two);
    expect(registry.resolve("unheard")).toBeUndefined();
    expect(registry.list()).toEqual([one, two]);
  });

  test("takes the same shape again, another shape needs a version, and versions may come in any order", () => {
    const registry = createSchemaRegistry();
    registry.register(event(2, z.object({ a: z.string(), b: z.number().optional() })));
    registry.register(event(1, z.object({ a: z.string() })));
    registry.register(event(2, z.object({ a: z.string(), b: z.number().optional() })));
    expect(registry.list()).toHaveLength(2);
    expect(() => registry.register(event(2, z.object({ c: z.string() })))).toThrow(
      /a\.b\/2 is registered with another shape/,
    );
  });

  test("refuses a version that breaks what it promises, and says what and where", () => {
    const registry = createSchemaRegistry();
    registry.register(event(1, z.object({ a: z.string() })));
    const broken = event(2, z.object({ a: z.string(), b: z.number() }));
    expect(() => registry.register(broken)).toThrow(
      "a.b/2 is not backward compatible with a.b/1: /b: old data may lack it, and it would be required",
    );
    registry.register(broken, { compatibility: "none" });
    expect(registry.get("a.b")).toBe(broken);
  });
});

describe("compatibility", () => {
  const base = z.object({ a: z.string(), n: z.number().optional() });
  const backward: Compatibility[] = ["backward"];
  const forward: Compatibility[] = ["forward"];
  test.each<[string, z.ZodType, z.ZodType, readonly Compatibility[]]>([
    ["nothing changed", base, base, ["backward", "forward", "full"]],
    [
      "a new optional property",
      base,
      base.extend({ b: z.string().optional() }),
      ["backward", "forward", "full"],
    ],
    ["a new required property", base, base.extend({ b: z.string() }), forward],
    ["a required property that becomes optional", base, base.partial(), backward],
    ["an optional property that becomes required", base, base.required(), forward],
    ["another type", base, base.extend({ a: z.number() }), []],
    ["a wider type", z.object({ a: z.int() }), z.object({ a: z.number() }), backward],
    [
      "one more choice",
      z.object({ a: z.enum(["x"]) }),
      z.object({ a: z.enum(["x", "y"]) }),
      backward,
    ],
    ["a choice where all was allowed", base, base.extend({ a: z.enum(["x"]) }), forward],
    [
      "a lower bound raised",
      z.object({ a: z.number().min(0) }),
      z.object({ a: z.number().min(1) }),
      forward,
    ],
    [
      "a longer text",
      z.object({ a: z.string().max(5) }),
      z.object({ a: z.string().max(9) }),
      backward,
    ],
    ["a pattern", base, base.extend({ a: z.string().regex(/^x/) }), forward],
    [
      "one more alternative",
      z.object({ a: z.union([z.string(), z.number()]) }),
      z.object({ a: z.union([z.string(), z.number(), z.boolean()]) }),
      backward,
    ],
    [
      "a change inside a list",
      z.object({ l: z.array(z.object({ x: z.string() })) }),
      z.object({ l: z.array(z.object({ x: z.string(), y: z.string() })) }),
      forward,
    ],
    [
      "a change inside an object",
      z.object({ o: z.object({ x: z.string() }) }),
      z.object({ o: z.object({}) }),
      backward,
    ],
    [
      "an object that was open and becomes closed",
      base,
      z.strictObject({ a: z.string() }),
      forward,
    ],
  ])("%s", (_, previous, next, fine) => {
    for (const mode of ["backward", "forward", "full"] as const)
      expect({
        mode,
        compatible: incompatibilities(json(previous), json(next), mode).length === 0,
      }).toEqual({ mode, compatible: fine.includes(mode) });
    expect(incompatibilities(json(previous), json(next), "none")).toEqual([]);
  });
});
