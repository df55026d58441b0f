import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sampledShapley } from "../../src/models/index.ts";

/** Shapley values by their definition: over every coalition. */
function byDefinition(
  value: (row: readonly number[]) => number,
  row: readonly number[],
  background: ReadonlyArray<readonly number[]>,
): readonly number[] {
  const { length: n } = row;
  const factorial = (k: number): number => (k < 2 ? 1 : k * factorial(k - 1));
  const of = (coalition: number): number =>
    background.reduce(
      (sum, other) =>
        sum + value(row.map((own, i) => ((coalition >> i) & 1 ? own : (other[i] ?? 0)))),
      0,
    ) / background.length;
  return row.map((_, i) => {
    let sum = 0;
    for (let coalition = 0; coalition < 1 << n; coalition += 1) {
      if ((coalition >> i) & 1) continue;
      const size = coalition.toString(2).replaceAll("0", "").length;
      const share = (factorial(size) * factorial(n - size - 1)) / factorial(n);
      sum += share * (of(coalition | (1 << i)) - of(coalition));
    }
    return sum;
  });
}

const value = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number =>
  a * b + Math.max(c, d) - a * c * d;
const rows = fc.array(
  fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: -3, max: 3 }))),
  { minLength: 1, maxLength: 4 },
);

test("are near the values by definition, as their errors say, and add up exactly", async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.nat(), async ([row = [0, 0, 0, 0], ...others], seed) => {
      const background = others.length === 0 ? [[0, 0, 0, 0]] : others;
      const valuesOf = async (asked: ReadonlyArray<readonly number[]>) => asked.map(value);
      const orders = 60 * background.length;
      const { contributions, errors } = await sampledShapley({
        valuesOf,
        row,
        background,
        orders,
        seed,
      });
      const exact = byDefinition(value, row, background);
      contributions.forEach((each, i) => {
        expect(Math.abs(each - (exact[i] ?? 0))).toBeLessThanOrEqual(6 * (errors[i] ?? 0) + 0.3);
      });
      const base = background.reduce((sum, other) => sum + value(other), 0) / background.length;
      expect(contributions.reduce((sum, each) => sum + each, base)).toBeCloseTo(value(row), 9);
    }),
    { numRuns: 40 },
  );
});
