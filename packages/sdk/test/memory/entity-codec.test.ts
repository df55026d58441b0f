import * as fc from "fast-check";
import { expect, test } from "vitest";
import { contributeTo, decodeEntity, emptyEntity, encodeEntity } from "../../src/memory/index.ts";
import type { WindowSpec } from "../../src/ports/state-store.ts";

const windows: readonly WindowSpec[] = [
  { name: "count", aggregate: "count", windowMs: 600_000, bucketMs: 50_000 },
  { name: "sum", aggregate: "sum", windowMs: 600_000, bucketMs: 1 },
  { name: "least", aggregate: "min", windowMs: 86_400_000, bucketMs: 7_200_000 },
  { name: "values", aggregate: "distinct", windowMs: 600_000, bucketMs: 50_000 },
];
const contribution = fc.record({
  at: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  text: fc.string({ unit: "grapheme", maxLength: 5 }),
});

test("an entity that was stored is as it was, wherever its bytes lie", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(contribution), (key, contributions) => {
      const entity = emptyEntity();
      for (const [i, { at, value, text }] of contributions.entries())
        contributeTo(
          entity,
          { key, id: String(i), at, windows, values: [1, value, value, text] },
          { first: undefined, now: 0 },
        );
      const stored = { key, windows: entity, expiresAt: 42 };
      const bytes = encodeEntity(stored);
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      expect(decodeEntity(shifted.subarray(3))).toEqual(stored);
    }),
  );
});
