import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jaroWinkler } from "../../../src/rules/language/similarity.ts";

// Winkler 1990 and the tables after it.
test.each([
  ["MARTHA", "MARHTA", 0.9611],
  ["DWAYNE", "DUANE", 0.84],
  ["DIXON", "DICKSONX", 0.8133],
  ["", "", 1],
  ["a", "", 0],
  ["abc", "xyz", 0],
])("%s and %s are alike by %d, as published", (a, b, expected) => {
  expect(jaroWinkler(a, b)).toBeCloseTo(expected, 4);
});

test("likeness lies between 0 and 1, and is 1 of a text to itself", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(jaroWinkler(a, a)).toBe(1);
      expect(jaroWinkler(a, b)).toBeGreaterThanOrEqual(0);
      expect(jaroWinkler(a, b)).toBeLessThanOrEqual(1);
    }),
  );
});
