import { evaluationOf, segmentsOf } from "@ecap/sdk/training";
import * as fc from "fast-check";
import { expect, it } from "vitest";

it("puts every row into one segment, the larger its value the later, and those without a value apart", () => {
  const value = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.double(), fc.constant(Number.NaN));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 80 }), (values) => {
      const { names, of } = segmentsOf("amount", values);
      expect(of).toHaveLength(values.length);
      for (const [i, segment] of of.entries()) {
        expect(segment).toBeLessThan(names.length);
        expect(names[segment] === "no amount").toBe(Number.isNaN(values[i]));
        for (const [j, other] of of.entries())
          if ((values[i] ?? 0) < (values[j] ?? 0)) expect(segment).toBeLessThanOrEqual(other);
      }
    }),
  );
});

it("tells what a model is worth for each of them", () => {
  const amounts = Array.from({ length: 400 }, (_, i) => i);
  // Right about the large ones, blind to the small ones.
  const cases = amounts.map((amount) => {
    const positive = amount % 5 === 0;
    return { positive, score: amount >= 200 && positive ? 0.9 : 0.1 };
  });
  const evaluation = evaluationOf(cases, segmentsOf("amount", amounts));
  expect(evaluation?.segments).toEqual([
    { name: "amount up to 100", rows: 101, positives: 21, ...figures(0.5, 21 / 101) },
    // Of these the largest is found.
    { name: "100 to 200", rows: 100, positives: 20, ...figures(0.525, 0.05 + 0.95 * 0.2) },
    { name: "200 to 300", rows: 100, positives: 20, ...figures(1, 1) },
    { name: "above 300", rows: 99, positives: 19, ...figures(1, 1) },
  ]);
  expect(evaluationOf(cases)?.segments).toBeUndefined();
  expect(segmentsOf("amount", [5, 5, 5])).toEqual({
    names: ["any amount"],
    of: Uint8Array.of(0, 0, 0),
  });
});

function figures(auc: number, averagePrecision: number) {
  return {
    auc: expect.closeTo(auc, 9) as number,
    averagePrecision: expect.closeTo(averagePrecision, 9) as number,
  };
}
