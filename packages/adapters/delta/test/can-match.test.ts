import type { Column, RowCondition } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canMatch } from "../src/files/can-match.ts";
import type { ColumnFacts } from "../src/files/file-facts.ts";

const columns: readonly Column[] = [
  { name: "n", type: "long" },
  { name: "word", type: "string" },
  { name: "day", type: "date" },
  { name: "at", type: "timestamp" },
  { name: "ratio", type: "double" },
];
type Operator = Extract<RowCondition, { kind: "compare" }>["operator"];
const compare = (column: string, operator: Operator, value: string | number): RowCondition => ({
  kind: "compare",
  operator,
  column: [column],
  value,
});
const facts = (known: Readonly<Record<string, ColumnFacts>>) => ({
  column: (name: string): ColumnFacts => known[name] ?? { holdsNull: "maybe" },
});
const matches = (condition: RowCondition, known: Readonly<Record<string, ColumnFacts>>) =>
  canMatch(condition, columns, "target")(facts(known));

describe("leaving out files", () => {
  it("never leaves out one with a row that matches (property)", () => {
    const operators: readonly Operator[] = ["=", "<", "<=", ">", ">="];
    const holds = (left: number, operator: Operator, right: number) =>
      ({
        "=": left === right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
      })[operator];
    const part = fc.record({
      operator: fc.constantFrom(...operators),
      value: fc.integer({ min: -9, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: -9, max: 9 }), { nil: null }), { minLength: 1 }),
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("and", "or"),
        (values, parts, kind) => {
          const condition: RowCondition = {
            kind,
            parts: parts.map(({ operator, value }) => compare("n", operator, value)),
          };
          const isTrue = (value: number | null) => {
            const each = parts.map((p) => value !== null && holds(value, p.operator, p.value));
            return kind === "and" ? each.every(Boolean) : each.some(Boolean);
          };
          const numbers = values.filter((value) => value !== null);
          const nulls = values.length - numbers.length;
          const holdsNull = nulls === 0 ? "never" : numbers.length === 0 ? "only" : "maybe";
          const n: ColumnFacts =
            numbers.length === 0
              ? { holdsNull }
              : { holdsNull, min: Math.min(...numbers), max: Math.max(...numbers) };
          if (values.some(isTrue)) expect(matches(condition, { n })).toBe(true);
        },
      ),
    );
  });

  it.each<[string, RowCondition, Readonly<Record<string, ColumnFacts>>, boolean]>([
    ["a number below", compare("n", "=", 3), { n: { min: 4, max: 9, holdsNull: "never" } }, false],
    [
      "a partition's number",
      compare("n", ">", 9),
      { n: { min: "9", max: "9", holdsNull: "never" } },
      true,
    ],
    [
      "a partition's lower number",
      compare("n", ">", 10),
      { n: { min: "9", max: "9", holdsNull: "never" } },
      false,
    ],
    ["nothing known", compare("n", "=", 3), {}, true],
    ["only NULL", compare("n", "<", 3), { n: { holdsNull: "only" } }, false],
    ["IS NULL without NULL", { kind: "null", column: ["n"] }, { n: { holdsNull: "never" } }, false],
    [
      "IS NOT NULL with only NULL",
      { kind: "not-null", column: ["n"] },
      { n: { holdsNull: "only" } },
      false,
    ],
    [
      "the input's name",
      { ...compare("n", "=", 3), column: ["Target", "N"] } as RowCondition,
      { n: { min: 4, max: 9, holdsNull: "never" } },
      false,
    ],
    [
      "another input",
      { ...compare("n", "=", 3), column: ["source", "n"] } as RowCondition,
      { n: { min: 4, max: 9, holdsNull: "never" } },
      true,
    ],
    [
      "texts by their bytes",
      compare("word", ">", "\u{ffff}"),
      { word: { min: "a", max: "\u{10000}", holdsNull: "never" } },
      true,
    ],
    [
      "a number for a text",
      compare("word", "=", 3),
      { word: { min: "a", max: "b", holdsNull: "never" } },
      true,
    ],
    [
      "a day past",
      compare("day", "<", "2026-01-01"),
      { day: { min: "2026-01-02", max: "2026-01-03", holdsNull: "never" } },
      false,
    ],
    [
      "what is no day",
      compare("day", "<", "yesterday"),
      { day: { min: "2026-01-02", max: "2026-01-03", holdsNull: "never" } },
      true,
    ],
    [
      "a time within the bound's millisecond",
      compare("at", ">", "2026-01-01 00:00:00.0005"),
      {
        at: {
          min: "2026-01-01T00:00:00.000Z",
          max: "2026-01-01T00:00:00.000Z",
          holdsNull: "never",
        },
      },
      true,
    ],
    [
      "a time past",
      compare("at", ">", "2026-01-01 00:00:01"),
      {
        at: {
          min: "2026-01-01T00:00:00.000Z",
          max: "2026-01-01T00:00:00.000Z",
          holdsNull: "never",
        },
      },
      false,
    ],
    [
      "NaN, past every bound",
      compare("ratio", ">", 3),
      { ratio: { min: 1, max: 2, holdsNull: "never" } },
      true,
    ],
  ])("%s", (_, condition, known, expected) => {
    expect(matches(condition, known)).toBe(expected);
  });
});
