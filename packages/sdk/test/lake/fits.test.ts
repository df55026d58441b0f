import { expect, test } from "vitest";
import { fits } from "../../src/lake/fits.ts";
import type { Cell, ColumnType } from "../../src/ports/index.ts";

const cases: ReadonlyArray<
  readonly [ColumnType, fitting: readonly Cell[], other: readonly Cell[]]
> = [
  ["string", ["", "a"], [1, true]],
  ["boolean", [true, false], ["true", 1]],
  ["double", [0.5, Number.NaN], ["0.5", 1n]],
  ["integer", [0, -(2 ** 31)], [0.5, 2 ** 31, "1"]],
  ["long", [2 ** 40, 1n], [0.5, 2 ** 53, "1"]],
  ["timestamp", [0, -1, 5n], [8.65e15, Number.NaN, "2026-01-01"]],
  ["date", ["2026-02-28"], ["2026-02-30", "2026-2-1", "+12026-01-01", 0]],
  ["binary", [new Uint8Array()], ["", [] as never]],
  ["decimal(5,2)", ["0", "-123.45", "00012.3400"], ["1234.5", "1.234", "1e2", "", ".5", "5.", 1]],
];

test.each(cases)("%s", (type, fitting, other) => {
  const takes = (a: Cell) => fits({ a }, { columns: [{ name: "a", type }] });
  expect(fitting.filter((cell) => !takes(cell))).toEqual([]);
  expect(other.filter(takes)).toEqual([]);
});

test("NULL fits where it is allowed, and nothing fits a column that is not there", () => {
  const columns = [
    { name: "a", type: "string" },
    { name: "b", type: "string", nullable: false },
  ] as const;
  expect(fits({ b: "x" }, { columns })).toBe(true);
  expect(fits({ a: "x" }, { columns })).toBe(false);
  expect(fits({ b: "x", c: "y" }, { columns })).toBe(false);
});
