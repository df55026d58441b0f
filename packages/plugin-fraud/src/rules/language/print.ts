import type { Expression, MemberSet } from "./ast.ts";
import { unitsMs } from "./lexer.ts";

/** The text of an expression; parsing it gives the same expression again. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "number":
    case "truth":
      return String(expression.value);
    case "duration":
      return printDuration(expression.value);
    case "text":
      return quote(expression.value);
    case "name":
      return expression.name;
    case "not":
      return `not ${inner(expression.operand)}`;
    case "negate":
      return `-${inner(expression.operand)}`;
    case "and":
    case "or":
      return expression.operands.map(inner).join(` ${expression.kind} `);
    case "binary":
      return `${inner(expression.left)} ${expression.operator} ${inner(expression.right)}`;
    case "in":
      return `${inner(expression.operand)} ${expression.negated ? "not in" : "in"} ${printSet(expression.set)}`;
    case "call":
      break;
  }
  return `${expression.name}(${expression.operands.map(printExpression).join(", ")})`;
}

const atoms = new Set<Expression["kind"]>(["number", "truth", "duration", "text", "name", "call"]);

/** In parentheses where it is more than a value: always right, and no table of strengths to keep in step. */
function inner(expression: Expression): string {
  const text = printExpression(expression);
  return atoms.has(expression.kind) ? text : `(${text})`;
}

function printSet(set: MemberSet): string {
  if (set.kind === "list") return `lists.${set.name}`;
  return `[${set.values.map((value) => (typeof value === "number" ? String(value) : quote(value))).join(", ")}]`;
}

function printDuration(ms: number): string {
  const [unit = "ms", factor = 1] =
    Object.entries(unitsMs)
      .toReversed()
      .find(([, size]) => ms !== 0 && Number.isInteger(ms / size)) ?? [];
  return `${ms / factor}${unit}`;
}

/** JSON's escapes, of which the language has no \b and no \f. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/\\(.)/g, (escape, letter) =>
    letter === "b" ? "\\u0008" : letter === "f" ? "\\u000c" : escape,
  );
}
