import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hashId, IdWindow } from "../../src/dedupe/index.ts";

const windowMs = 800;

/** Ids and when they came, as a plain map. */
test("an id is remembered for the window at least and nine eighths of it at most", () => {
  const step = fc.record({ id: fc.nat(30), after: fc.nat(300), adds: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const window = new IdWindow({ windowMs, maxIds: 1_000_000 });
      const model = new Map<number, number>();
      let now = 0;
      for (const { id, after, adds } of steps) {
        now += after;
        const age = now - (model.get(id) ?? Number.NEGATIVE_INFINITY);
        const hash = hashId("acme", String(id));
        const known = window.has(hash, now);
        if (age < windowMs) expect(known).toBe(true);
        if (age >= windowMs * 1.125) expect(known).toBe(false);
        if (!adds) continue;
        expect(window.add(hash, now)).toBe(!known);
        if (!known) model.set(id, now);
      }
      expect(window.forgottenEarly).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("memory is bounded: past the limit the oldest go first, and they are counted", () => {
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 500 }), fc.integer({ min: 1, max: 2_000 }), (max, n) => {
      const window = new IdWindow({ windowMs, maxIds: max });
      for (let id = 0; id < n; id += 1) window.add(hashId("", String(id)), 0);
      expect(window.size).toBeLessThanOrEqual(max);
      expect(window.size + window.forgottenEarly).toBe(n);
      const kept = Array.from({ length: n }, (_, id) => window.has(hashId("", String(id)), 0));
      expect(kept.lastIndexOf(false)).toBeLessThan(kept.includes(true) ? kept.indexOf(true) : n);
      expect(kept.at(-1)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("a hundred thousand ids of two tenants are all told apart", () => {
  const window = new IdWindow({ windowMs, maxIds: 1_000_000 });
  for (let id = 0; id < 100_000; id += 1)
    expect(window.add(hashId(id % 2 === 0 ? "a" : "b", `event-${id >> 1}`), 0)).toBe(true);
  expect(window.size).toBe(100_000);
});

test("the hash of nothing and the hash that marks a free place are ids too", () => {
  const window = new IdWindow({ windowMs, maxIds: 100 });
  for (const hash of [hashId("", ""), { high: 0, low: 0 }, { high: 1, low: 0 }]) {
    expect(window.has(hash)).toBe(false);
    expect(window.add(hash, 0)).toBe(true);
    expect(window.add(hash, 0)).toBe(false);
  }
});
