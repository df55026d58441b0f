import type { Arithmetic, Comparison } from "./ast.ts";
import type { Facts } from "./types.ts";

export type Test = (facts: Facts) => boolean;
export type Calculation = (facts: Facts) => number;
export type Texter = (facts: Facts) => string | undefined;

export const always: Test = () => true;
export const never: Test = () => false;

export function all(tests: readonly Test[]): Test {
  const [a = always, b = always, c = always] = tests;
  if (tests.length === 1) return a;
  if (tests.length === 2) return (facts) => a(facts) && b(facts);
  if (tests.length === 3) return (facts) => a(facts) && b(facts) && c(facts);
  return (facts) => {
    for (const test of tests) if (!test(facts)) return false;
    return true;
  };
}

export function any(tests: readonly Test[]): Test {
  const [a = never, b = never, c = never] = tests;
  if (tests.length === 1) return a;
  if (tests.length === 2) return (facts) => a(facts) || b(facts);
  if (tests.length === 3) return (facts) => a(facts) || b(facts) || c(facts);
  return (facts) => {
    for (const test of tests) if (test(facts)) return true;
    return false;
  };
}

export function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Division by zero, and all else whose result is no finite number, is missing. */
export const calculation: Readonly<
  Record<Arithmetic, (left: Calculation, right: Calculation) => Calculation>
> = {
  "+": (left, right) => (facts) => finite(left(facts) + right(facts)),
  "-": (left, right) => (facts) => finite(left(facts) - right(facts)),
  "*": (left, right) => (facts) => finite(left(facts) * right(facts)),
  "/": (left, right) => (facts) => finite(left(facts) / right(facts)),
  "%": (left, right) => (facts) => finite(left(facts) % right(facts)),
};

/** A field against a constant, the form of most conditions: one closure and no call in it. `!=` must not hold of NaN. */
export const fieldComparison: Readonly<Record<Comparison, (slot: number, value: number) => Test>> =
  {
    "==": (slot, value) => (facts) => (facts[slot] as number) === value,
    "!=": (slot, value) => (facts) => {
      const own = facts[slot] as number;
      return own !== value && !Number.isNaN(own);
    },
    "<": (slot, value) => (facts) => (facts[slot] as number) < value,
    "<=": (slot, value) => (facts) => (facts[slot] as number) <= value,
    ">": (slot, value) => (facts) => (facts[slot] as number) > value,
    ">=": (slot, value) => (facts) => (facts[slot] as number) >= value,
  };

export const numberComparison: Readonly<
  Record<Comparison, (a: Calculation, b: Calculation) => Test>
> = {
  "==": (a, b) => (facts) => a(facts) === b(facts),
  "!=": (a, b) => (facts) => {
    const left = a(facts);
    const right = b(facts);
    return left !== right && !Number.isNaN(left) && !Number.isNaN(right);
  },
  "<": (a, b) => (facts) => a(facts) < b(facts),
  "<=": (a, b) => (facts) => a(facts) <= b(facts),
  ">": (a, b) => (facts) => a(facts) > b(facts),
  ">=": (a, b) => (facts) => a(facts) >= b(facts),
};
