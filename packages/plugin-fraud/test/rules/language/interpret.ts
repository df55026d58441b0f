import type { Expression } from "../../../src/rules/language/ast.ts";
import { jaroWinkler } from "../../../src/rules/language/similarity.ts";

/** What the language means, read off the tree as slowly and plainly as can be. undefined is missing, of whatever type. */
export interface World {
  readonly fields: Readonly<Record<string, number | string | boolean | undefined>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

type Known = number | string | boolean;

export function interpret(expression: Expression, world: World): Known | undefined {
  const value = evaluate(expression, world);
  return typeof value === "number" && !Number.isFinite(value) ? undefined : value;
}

function evaluate(e: Expression, world: World): Known | undefined {
  const of = (inner: Expression): Known | undefined => interpret(inner, world);
  switch (e.kind) {
    case "number":
    case "duration":
    case "text":
    case "truth":
      return e.value;
    case "name":
      return world.fields[e.name];
    case "not": {
      const value = of(e.operand);
      return value === undefined ? undefined : value !== true;
    }
    case "negate": {
      const value = of(e.operand);
      return value === undefined ? undefined : -Number(value);
    }
    case "and":
    case "or": {
      const values = e.operands.map(of);
      const decisive = e.kind === "or";
      if (values.includes(decisive)) return decisive;
      return values.includes(undefined) ? undefined : !decisive;
    }
    case "in": {
      const value = of(e.operand);
      if (value === undefined) return undefined;
      const members: readonly Known[] =
        e.set.kind === "values" ? e.set.values : (world.lists[e.set.name] ?? []);
      return members.some((member) => member === value) !== e.negated;
    }
    case "binary":
      return binary(e.operator, of(e.left), of(e.right));
    case "call":
      break;
  }
  return call(e.name, e.operands, of);
}

function binary(operator: string, left: Known | undefined, right: Known | undefined) {
  if (left === undefined || right === undefined) return undefined;
  const [a, b] = [Number(left), Number(right)];
  const [s, t] = [String(left), String(right)];
  const meaning: Record<string, () => Known> = {
    "==": () => left === right,
    "!=": () => left !== right,
    "<": () => a < b,
    "<=": () => a <= b,
    ">": () => a > b,
    ">=": () => a >= b,
    "+": () => a + b,
    "-": () => a - b,
    "*": () => a * b,
    "/": () => a / b,
    "%": () => a % b,
    contains: () => s.includes(t),
    "starts with": () => s.startsWith(t),
    "ends with": () => s.endsWith(t),
    matches: () => new RegExp(t, "u").test(s),
  };
  return meaning[operator]?.();
}

function call(
  name: string,
  operands: readonly Expression[],
  of: (inner: Expression) => Known | undefined,
): Known | undefined {
  const [first, second, third] = operands as [Expression, Expression, Expression];
  if (name === "known") return of(first) !== undefined;
  if (name === "default") return of(first) ?? of(second);
  if (name === "if") {
    const condition = of(first);
    return condition === undefined ? undefined : of(condition === true ? second : third);
  }
  const values = operands.map(of);
  if (values.includes(undefined)) return undefined;
  const n = values.map(Number);
  const [s = "", t = ""] = values.map(String);
  const meaning: Record<string, () => Known | undefined> = {
    abs: () => Math.abs(n[0] ?? 0),
    floor: () => Math.floor(n[0] ?? 0),
    sqrt: () => Math.sqrt(n[0] ?? 0),
    log: () => Math.log(n[0] ?? 0),
    min: () => Math.min(...n),
    max: () => Math.max(...n),
    round: () => Math.round((n[0] ?? 0) * 10 ** (n[1] ?? 0)) / 10 ** (n[1] ?? 0),
    fixed: () => (n[0] ?? 0).toFixed(n[1]),
    lower: () => s.toLowerCase(),
    length: () => s.length,
    after: () => (s.includes(t) ? s.slice(s.lastIndexOf(t) + t.length) : undefined),
    similarity: () => jaroWinkler(s, t),
    hour: () => new Date(n[0] ?? 0).getUTCHours(),
    weekday: () => ((new Date(n[0] ?? 0).getUTCDay() + 6) % 7) + 1,
  };
  return meaning[name]?.();
}
