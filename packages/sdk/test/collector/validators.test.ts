import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { createValidators } from "../../src/collector/index.ts";
import { commerceEvents } from "../../src/commerce/index.ts";
import type { JsonSchema } from "../../src/events/index.ts";
import { createSchemaRegistry, defineEvent } from "../../src/events/index.ts";
import { commerceRegistry } from "../commerce/event.ts";

const registry = commerceRegistry();
const validators = createValidators(registry);

const odd = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom<unknown>(
    null,
    undefined,
    "",
    "12.50",
    "1e400",
    "GBP",
    "2026-01-02T03:04:05Z",
    "a@b.example",
    [],
    {},
    Number.POSITIVE_INFINITY,
    Number.NaN,
    -0,
    1e300,
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Values near what the schema wants, so that many are right and the wrong ones are only a little so. */
function near(schema: JsonSchema | boolean | undefined, depth = 3): fc.Arbitrary<unknown> {
  if (typeof schema !== "object" || depth === 0) return odd;
  return fc.oneof({ weight: 12, arbitrary: right(schema, depth) }, { weight: 1, arbitrary: odd });
}

function right(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const { type, pattern, maxLength = 8 } = schema;
  if (schema.anyOf !== undefined)
    return fc.oneof(...schema.anyOf.map((option) => near(option, depth)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (type === "object") return members(schema, depth);
  if (type === "array") return fc.array(near(schema.items, depth - 1), { maxLength: 3 });
  if (type === "boolean") return fc.boolean();
  if (type === "null") return fc.constant(null);
  if (type === "number" || type === "integer") return fc.integer({ min: 0, max: 1_000 });
  if (type !== "string") return odd;
  return typeof pattern === "string"
    ? fc.stringMatching(new RegExp(pattern))
    : fc.string({ minLength: 1, maxLength: Math.min(8, maxLength) });
}

/** The required members and a few of the others; now and then none need be there. */
function members({ properties = {}, required = [] }: JsonSchema, depth: number) {
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  return fc
    .tuple(
      fc.subarray(optional, { maxLength: Math.min(3, optional.length) }),
      fc.integer({ min: 0, max: 9 }),
    )
    .chain(([some, dice]) => {
      const names = dice === 0 ? some : [...required, ...some];
      return fc.record(
        Object.fromEntries(names.map((name) => [name, near(properties[name], depth - 1)])),
      );
    });
}

/** Nothing undefined inside: JSON has no such thing. */
const asJson = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => asJson(item) ?? null);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      member === undefined ? [] : [[name, asJson(member)]],
    ),
  );
};

describe.each(commerceEvents.map((definition) => [definition.type, definition] as const))(
  "%s",
  (_, definition) => {
    test("the compiled validator says yes exactly where the zod schema does", () => {
      const counts = { yes: 0, no: 0 };
      fc.assert(
        fc.property(near(registry.jsonSchema(definition)), (value) => {
          const data = asJson(value);
          const parsed = definition.schema.safeParse(data);
          const problem = validators.check(definition, data);
          expect(problem === undefined).toBe(parsed.success);
          expect(problem === undefined || problem.path === "" || problem.path.startsWith("/")).toBe(
            true,
          );
          counts[parsed.success ? "yes" : "no"] += 1;
        }),
        { numRuns: 60 },
      );
      expect(counts.yes).toBeGreaterThan(10);
      expect(counts.no).toBeGreaterThan(2);
    });
  },
);

test("a valid event never costs a zod parse, an invalid one is explained by zod", () => {
  const own = createSchemaRegistry();
  const schema = z.object({ a: z.object({ "b/c": z.number() }) });
  const definition = defineEvent({ type: "x.y", version: 1, topic: "t", description: "", schema });
  own.register(definition);
  const parse = vi.spyOn(schema, "safeParse");
  const compiled = createValidators(own);
  expect(compiled.check(definition, { a: { "b/c": 1 } })).toBeUndefined();
  expect(parse).not.toHaveBeenCalled();
  expect(compiled.check(definition, { a: { "b/c": "1" } })?.path).toBe("/a/b~1c");
  expect(compiled.unplanned(definition, { a: 1, z: 2 })).toBe("z");
  expect(compiled.unplanned(definition, { a: 1, constructor: 2 })).toBe("constructor");
  expect(compiled.unplanned(definition, { a: 1 })).toBeUndefined();
});
