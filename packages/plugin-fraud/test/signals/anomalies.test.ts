import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAnomalyWatch } from "../../src/signals/anomaly-watch.ts";
import { averagePath, growTree, isolationScore } from "../../src/signals/isolation-forest.ts";

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

describe("an isolation forest", () => {
  test("parts outliers of several features from the crowd", () => {
    const random = seeded(7);
    const crowd = Array.from({ length: 256 }, () => [
      normal(random),
      normal(random),
      normal(random),
    ]);
    const trees = Array.from({ length: 100 }, () => growTree(crowd, random));
    const score = (row: readonly number[]): number => isolationScore(trees, row, crowd.length);
    const usual = Array.from({ length: 200 }, () =>
      score([normal(random), normal(random), normal(random)]),
    );
    const outliers = Array.from({ length: 200 }, () => {
      const row = [normal(random), normal(random), normal(random)];
      const away = Math.floor(random() * 3);
      return score(row.with(away, 7 * (random() < 0.5 ? -1 : 1)));
    });
    const above = outliers.flatMap((high) => usual.map((low) => (high > low ? 1 : 0)));
    // The share of pairs in the right order is the area under the curve.
    expect(above.reduce((sum: number, each) => sum + each, 0) / above.length).toBeGreaterThan(0.97);
    expect(score([0, 0, 0])).toBeLessThan(0.5);
    expect(score([9, -9, 9])).toBeGreaterThan(0.7);
  });

  test("ends, and scores between 0 and 1, whatever the rows", () => {
    const value = fc.double({ noNaN: true, min: -1e100, max: 1e100 });
    const rows = fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(rows, fc.integer(), (list, seed) => {
        const random = seeded(seed);
        const trees = [growTree(list, random), growTree(list, random)];
        for (const row of list) {
          const score = isolationScore(trees, row, list.length);
          expect(score > 0 && score <= 1).toBe(true);
        }
      }),
    );
  });

  test("has the mean path of the paper", () => {
    expect([1, 2].map(averagePath)).toEqual([0, 1]);
    // By the harmonic number itself, which the paper approximates.
    const harmonic = Array.from({ length: 255 }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b);
    expect(averagePath(256)).toBeCloseTo(2 * harmonic - (2 * 255) / 256, 2);
  });
});

describe("a shop's payments", () => {
  test("that are unlike the others are said to be, and by what", () => {
    const random = seeded(11);
    const watch = createAnomalyWatch(random);
    const usual = () => ({
      amount: Math.exp(3.5 + 0.5 * normal(random)),
      amount_to_mean: Math.exp(0.3 * normal(random)),
      card_count_24h: 1,
      customer_count_30d: Math.floor(random() * 5),
      device_cards_24h: 1,
      ip_count_1h: 1 + Math.floor(random() * 2),
    });
    const first = Array.from({ length: 300 }, () => watch.look("t", usual()));
    expect(first.every((each) => each === undefined)).toBe(true);
    for (let i = 0; i < 1_500; i += 1) watch.look("t", usual());
    const scores = Array.from({ length: 200 }, () => watch.look("t", usual())?.score ?? 1);
    expect(scores.filter((score) => score > 0.6).length).toBeLessThan(20);
    const odd = watch.look("t", {
      ...usual(),
      amount: 9_000,
      amount_to_mean: 60,
      card_count_24h: 12,
    });
    expect(odd?.score).toBeGreaterThan(0.6);
    expect(odd?.by).toMatch(/^(amount|amount_to_mean|card_count_24h)$/);
    // Another shop's are its own.
    expect(watch.look("other", usual())).toBeUndefined();
  });
});
