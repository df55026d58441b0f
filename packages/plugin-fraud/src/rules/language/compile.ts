import type { Checked } from "./ast.ts";
import {
  all,
  always,
  any,
  type Calculation,
  calculation,
  fieldComparison,
  finite,
  never,
  numberComparison,
  type Test,
  type Texter,
} from "./closures.ts";
import { compilePattern } from "./pattern.ts";
import { decidedAtSlot, type Facts, type ListLookup } from "./types.ts";

export type Lists = (name: string) => ListLookup;
type Of<K extends Checked["kind"]> = Extract<Checked, { kind: K }>;

/**
 * A truth is true, false or not known (Kleene's three values), and compiles to two tests: whether it is true, and whether it is false. Either is
 * made of plain JavaScript truths: `not` swaps the two, `and` is true where all are true and false where one is false. As a missing number is NaN,
 * of which no comparison holds, a comparison costs nothing more.
 */
export function compileTest(checked: Checked, is: boolean, lists: Lists): Test {
  const test = (inner: Checked, wanted = is): Test => compileTest(inner, wanted, lists);
  switch (checked.kind) {
    case "constant":
      return checked.value === is ? always : never;
    case "field": {
      const { slot } = checked;
      return (facts) => facts[slot] === is;
    }
    case "not":
      return test(checked.operand, !is);
    case "and":
    case "or": {
      const tests = checked.operands.map((operand) => test(operand));
      return (checked.kind === "and") === is ? all(tests) : any(tests);
    }
    case "comparison":
      return comparison(checked, is, lists);
    case "text-test":
      return textTest(checked, is, lists);
    case "matches": {
      const text = compileText(checked.operand, lists);
      const found = compilePattern(checked.pattern);
      return (facts) => {
        const value = text(facts);
        return value !== undefined && found(value) === is;
      };
    }
    case "in":
      return membership(checked, is !== checked.negated, lists);
    case "known":
      return knownTest(checked.operand, is, lists);
    case "if":
      return any([
        all([test(checked.condition, true), test(checked.value)]),
        all([test(checked.condition, false), test(checked.otherwise)]),
      ]);
    case "default":
      return any([
        test(checked.operand),
        all([knownTest(checked.operand, false, lists), test(checked.otherwise)]),
      ]);
    case "negate":
    case "arithmetic":
    case "call":
      break;
  }
  throw new TypeError(`${checked.kind} is no truth`);
}

/** The closure of a number, a time or a duration; NaN where it is missing. */
export function compileNumber(checked: Checked, lists: Lists): Calculation {
  switch (checked.kind) {
    case "constant": {
      const value = checked.value as number;
      return () => value;
    }
    case "field": {
      const { slot } = checked;
      return (facts) => facts[slot] as number;
    }
    case "negate": {
      const operand = compileNumber(checked.operand, lists);
      return (facts) => -operand(facts);
    }
    case "arithmetic":
      return calculation[checked.operator](
        compileNumber(checked.left, lists),
        compileNumber(checked.right, lists),
      );
    case "if": {
      const isTrue = compileTest(checked.condition, true, lists);
      const isFalse = compileTest(checked.condition, false, lists);
      const value = compileNumber(checked.value, lists);
      const otherwise = compileNumber(checked.otherwise, lists);
      return (facts) =>
        isTrue(facts) ? value(facts) : isFalse(facts) ? otherwise(facts) : Number.NaN;
    }
    case "default": {
      const operand = compileNumber(checked.operand, lists);
      const otherwise = compileNumber(checked.otherwise, lists);
      return (facts) => {
        const value = operand(facts);
        return Number.isNaN(value) ? otherwise(facts) : value;
      };
    }
    case "call": {
      const value = call(checked, lists);
      return (facts) => {
        const result = value(facts);
        return typeof result === "number" ? finite(result) : Number.NaN;
      };
    }
    case "not":
    case "and":
    case "or":
    case "known":
    case "comparison":
    case "text-test":
    case "matches":
    case "in":
      break;
  }
  throw new TypeError(`${checked.kind} is no number`);
}

/** The closure of a text; undefined where it is missing. */
export function compileText(checked: Checked, lists: Lists): Texter {
  switch (checked.kind) {
    case "constant": {
      const value = checked.value as string;
      return () => value;
    }
    case "field": {
      const { slot } = checked;
      return (facts) => facts[slot] as string | undefined;
    }
    case "if": {
      const isTrue = compileTest(checked.condition, true, lists);
      const isFalse = compileTest(checked.condition, false, lists);
      const value = compileText(checked.value, lists);
      const otherwise = compileText(checked.otherwise, lists);
      return (facts) =>
        isTrue(facts) ? value(facts) : isFalse(facts) ? otherwise(facts) : undefined;
    }
    case "default": {
      const operand = compileText(checked.operand, lists);
      const otherwise = compileText(checked.otherwise, lists);
      return (facts) => operand(facts) ?? otherwise(facts);
    }
    case "call": {
      const value = call(checked, lists);
      return (facts) => value(facts) as string | undefined;
    }
    case "not":
    case "negate":
    case "and":
    case "or":
    case "known":
    case "comparison":
    case "arithmetic":
    case "text-test":
    case "matches":
    case "in":
      break;
  }
  throw new TypeError(`${checked.kind} is no text`);
}

type Callable = (...values: readonly unknown[]) => number | string | undefined;
type Valuer = (facts: Facts) => number | string | undefined;

/** Nearly all calls have one operand or two, which need no array. */
function call({ apply, operands }: Of<"call">, lists: Lists): Valuer {
  const values = operands.map((operand) => compileValue(operand, lists));
  const callable = apply as Callable;
  const [first, second] = values;
  if (first !== undefined && values.length === 1)
    return (facts) => {
      const one = first(facts);
      return isMissing(one) ? undefined : callable(one);
    };
  if (first !== undefined && second !== undefined && values.length === 2)
    return (facts) => {
      const one = first(facts);
      const other = second(facts);
      return isMissing(one) || isMissing(other) ? undefined : callable(one, other);
    };
  return (facts) => {
    const given = values.map((value) => value(facts));
    return given.some(isMissing) ? undefined : callable(...given);
  };
}

function isMissing(value: number | string | undefined): boolean {
  return value === undefined || Number.isNaN(value);
}

/** Any value that is no truth. */
export function compileValue(checked: Checked, lists: Lists): Valuer {
  return checked.type === "text" ? compileText(checked, lists) : compileNumber(checked, lists);
}

function knownTest(operand: Checked, is: boolean, lists: Lists): Test {
  if (operand.type === "truth") {
    const isTrue = compileTest(operand, true, lists);
    const isFalse = compileTest(operand, false, lists);
    return (facts) => (isTrue(facts) || isFalse(facts)) === is;
  }
  if (operand.type === "text") {
    const text = compileText(operand, lists);
    return (facts) => (text(facts) !== undefined) === is;
  }
  const number = compileNumber(operand, lists);
  return (facts) => !Number.isNaN(number(facts)) === is;
}

const negations = { "==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<" } as const;

function comparison({ operator, left, right }: Of<"comparison">, is: boolean, lists: Lists): Test {
  const holds = is ? operator : negations[operator];
  if (left.type === "truth") {
    const test = (inner: Checked, wanted: boolean): Test => compileTest(inner, wanted, lists);
    const same = holds === "==";
    return any([
      all([test(left, true), test(right, same)]),
      all([test(left, false), test(right, !same)]),
    ]);
  }
  if (left.type === "text") return textComparison(left, right, holds === "==", lists);
  if (left.kind === "field" && right.kind === "constant")
    return fieldComparison[holds](left.slot, right.value as number);
  return numberComparison[holds](compileNumber(left, lists), compileNumber(right, lists));
}

function textComparison(left: Checked, right: Checked, same: boolean, lists: Lists): Test {
  if (left.kind === "field" && right.kind === "constant") {
    const { slot } = left;
    const { value } = right;
    if (same) return (facts) => facts[slot] === value;
    return (facts) => facts[slot] !== undefined && facts[slot] !== value;
  }
  const a = compileText(left, lists);
  const b = compileText(right, lists);
  return (facts) => {
    const one = a(facts);
    const other = b(facts);
    return one !== undefined && other !== undefined && (one === other) === same;
  };
}

const textTests = {
  contains: (text: string, part: string) => text.includes(part),
  "starts with": (text: string, part: string) => text.startsWith(part),
  "ends with": (text: string, part: string) => text.endsWith(part),
} as const;

function textTest({ operator, left, right }: Of<"text-test">, is: boolean, lists: Lists): Test {
  const holds = textTests[operator];
  const text = compileText(left, lists);
  const part = compileText(right, lists);
  return (facts) => {
    const whole = text(facts);
    const sought = part(facts);
    return whole !== undefined && sought !== undefined && holds(whole, sought) === is;
  };
}

function membership({ operand, set }: Of<"in">, is: boolean, lists: Lists): Test {
  if (set.kind === "list") {
    const text = compileText(operand, lists);
    const list = lists(set.name);
    return (facts) => {
      const value = text(facts);
      return value !== undefined && list.has(value, facts[decidedAtSlot] as number) === is;
    };
  }
  const values: ReadonlySet<unknown> = new Set(set.values);
  const value = compileValue(operand, lists);
  return (facts) => {
    const sought = value(facts);
    return !isMissing(sought) && values.has(sought) === is;
  };
}
