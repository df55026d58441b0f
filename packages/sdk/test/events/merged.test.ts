import * as fc from "fast-check";
import { expect, test } from "vitest";
import { merged } from "../../src/events/merged.ts";

test("is what spreading gives, whatever members are called", () => {
  const name = fc.oneof(
    fc.constantFrom("__proto__", "constructor", "toString", "currency", "total"),
    fc.string(),
  );
  const fields = fc
    .array(fc.tuple(name, fc.jsonValue()))
    // As JSON gives them: what is called __proto__ is a member like any other.
    .map(
      (members) =>
        `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
    )
    .map((text): Record<string, unknown> => JSON.parse(text));
  fc.assert(
    fc.property(fields, fc.option(fields, { nil: undefined }), (first, second) => {
      const found = merged(first, second);
      const wanted = { ...first, ...second };
      expect(Object.entries(found)).toEqual(Object.entries(wanted));
      expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
      expect(found).not.toBe(first);
    }),
    { numRuns: 500 },
  );
});
