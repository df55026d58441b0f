import { expect, test } from "vitest";
import { satisfies } from "../../src/platform/index.ts";

test.each([
  ["0.1.0", "*", true],
  ["0.1.0", "0.x", true],
  ["1.0.0", "0.x", false],
  ["0.1.0", "0.1.x", true],
  ["0.2.0", "0.1.x", false],
  ["0.1.0", "0.1.0", true],
  ["0.1.1", "0.1.0", false],
  ["0.1.5", "^0.1.2", true],
  ["0.1.1", "^0.1.2", false],
  ["0.2.0", "^0.1.2", false],
  ["1.9.0", "^1.2.3", true],
  ["1.2.2", "^1.2.3", false],
  ["2.0.0", "^1.2.3", false],
  ["1.10.0", "^1.9.0", true],
  ["2.1.0", "1.x || 2.x", true],
  ["3.1.0", "1.x || 2.x", false],
  ["1", "1.x", true],
  ["0.1.0-next.1", "0.1.x", true],
  ["0.1.0", ">=0.1.0", false],
  ["0.1.0", "~0.1.0", false],
  ["0.1.0", "", false],
  ["0.1.0", "latest", false],
  ["0.1.0", "0", true],
])("%s in %j: %s", (version, range, expected) => {
  expect(satisfies(version, range)).toBe(expected);
});
