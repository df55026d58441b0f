import * as fc from "fast-check";
import { expect, it } from "vitest";
import { SpaceSaving } from "../../src/quality/space-saving.ts";

/** Few values are frequent, as values of categories are. */
const streams = fc.array(
  fc.tuple(fc.nat(6), fc.nat(60)).map(([a, b]) => `v${a < 5 ? a : b}`),
  { maxLength: 400 },
);

function exactCounts(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function sketchOf(values: readonly string[], counters: number): SpaceSaving {
  const sketch = new SpaceSaving(counters);
  for (const value of values) sketch.add(value);
  return sketch;
}

it("keeps to its bounds against exact counts, alone and added up, whatever was stored between", () => {
  const counters = 12;
  fc.assert(
    fc.property(fc.array(streams, { minLength: 1, maxLength: 4 }), (parts) => {
      const all = parts.flat();
      const merged = new SpaceSaving(counters);
      for (const part of parts) {
        const stored = SpaceSaving.load(
          JSON.parse(JSON.stringify(sketchOf(part, counters).save())),
          counters,
        );
        merged.merge(stored);
      }
      const exact = exactCounts(all);
      for (const sketch of [sketchOf(all, counters), merged]) {
        const top = sketch.top(counters);
        expect(top.length).toBeLessThanOrEqual(counters);
        const found = new Map(top.map((each) => [each.value, each]));
        for (const { value, count, error } of top) {
          const truth = exact.get(value) ?? 0;
          expect(count).toBeGreaterThanOrEqual(truth);
          expect(count - error).toBeLessThanOrEqual(truth);
          expect(error).toBeLessThanOrEqual(all.length / counters);
        }
        for (const [value, truth] of exact) {
          if (truth > all.length / counters) expect(found.has(value)).toBe(true);
        }
      }
    }),
    { numRuns: 150 },
  );
});
