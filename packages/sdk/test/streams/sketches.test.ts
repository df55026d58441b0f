import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashId } from "../../src/dedupe/id-window.ts";
import { DdSketch } from "../../src/streams/sketches/dd-sketch.ts";
import { HyperLogLog } from "../../src/streams/sketches/hyper-log-log.ts";

const distinct = (names: Iterable<string>): HyperLogLog => {
  const sketch = new HyperLogLog();
  for (const name of names) sketch.add(hashId("", name));
  return sketch;
};
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `value-${from + i}`);

describe("HyperLogLog", () => {
  it("is exact up to 512 and within five standard errors beyond", () => {
    expect(distinct([...names(0, 512), ...names(0, 512)]).estimate()).toBe(512);
    for (const count of [1_000, 10_000, 100_000, 1_000_000]) {
      const estimate = distinct(names(0, count)).estimate();
      expect(Math.abs(estimate - count) / count).toBeLessThan(5 * 0.0163);
    }
  });

  it("gives the same whether parts are merged, saved or added one by one, in any order", () => {
    const cut = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(cut, cut, (a, b) => {
        const whole = distinct([...names(0, a), ...names(1_000, 1_000 + b)]).estimate();
        const left = distinct(names(0, a));
        const right = HyperLogLog.load(
          JSON.parse(JSON.stringify(distinct(names(1_000, 1_000 + b)).save())),
        );
        const copy = left.copy();
        left.merge(right);
        right.merge(copy);
        expect([left.estimate(), right.estimate()]).toEqual([whole, whole]);
        expect(copy.estimate()).toBe(distinct(names(0, a)).estimate());
      }),
      { numRuns: 60 },
    );
  });
});

describe("DdSketch", () => {
  it("gives quantiles within one per cent of their value, of any mixture of signs and sizes", () => {
    const value = fc.oneof(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.integer({ min: -5, max: 5 }),
      fc.double({ min: 1e-6, max: 1e-3, noNaN: true }),
    );
    const share = fc.constantFrom(0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), share, (values, q) => {
        const halves = [new DdSketch(), new DdSketch()] as const;
        for (const [i, each] of values.entries()) halves[i % 2 === 0 ? 0 : 1].add(each);
        halves[0].merge(DdSketch.load(JSON.parse(JSON.stringify(halves[1].save()))));
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.floor(q * (values.length - 1))] ?? 0;
        const found = halves[0].quantile(q) ?? Number.NaN;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.0101 * Math.abs(exact) + 1e-9);
      }),
      { numRuns: 300 },
    );
  });

  it("has no answer where nothing was added, and stays small", () => {
    expect(new DdSketch().quantile(0.5)).toBeUndefined();
    const sketch = new DdSketch();
    for (let power = -300; power < 300; power += 0.05) sketch.add(10 ** power);
    expect(sketch.save().positive.length).toBeLessThanOrEqual(2_048);
    expect(sketch.quantile(1)).toBeGreaterThan(1e299);
  });
});
