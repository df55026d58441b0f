import {
  type Checked,
  compileTest,
  compileValue,
  ExpressionError,
  type Facts,
  type Lists,
  readExpression,
  type Scope,
} from "./language/index.ts";

export type Detail = readonly (string | Checked)[];

const shownCharacters = 100;

/** A detail's text and the expressions in its braces; `{{` and `}}` are braces. ExpressionError where one of them is wrong. */
export function readDetail(detail: string, scope: Scope): Detail {
  return (detail.match(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g) ?? []).map((part) => {
    if (part === "{{" || part === "}}") return part.slice(1);
    if (part === "{" || part === "}")
      throw new ExpressionError(`"${part}" stands alone; write it twice for itself`, {
        line: 1,
        column: detail.indexOf(part) + 1,
      });
    return part.startsWith("{")
      ? readExpression(part.slice(1, -1), scope, ["number", "text", "truth", "duration", "time"])
      : part;
  });
}

/** What is missing is shown as a dash, numbers with at most two decimals, long texts by their beginnings. */
export function compileDetail(detail: Detail, lists: Lists): (facts: Facts) => string {
  const parts = detail.map((part) => {
    if (typeof part === "string") return () => part;
    const value = valueOf(part, lists);
    return (facts: Facts) => show(value(facts), part.type);
  });
  return (facts) => parts.map((part) => part(facts)).join("");
}

function valueOf(part: Checked, lists: Lists): (facts: Facts) => unknown {
  if (part.type !== "truth") return compileValue(part, lists);
  const isTrue = compileTest(part, true, lists);
  const isFalse = compileTest(part, false, lists);
  return (facts) => (isTrue(facts) ? "yes" : isFalse(facts) ? "no" : undefined);
}

function show(value: unknown, type: Checked["type"]): string {
  if (typeof value === "string")
    return value.length > shownCharacters ? `${value.slice(0, shownCharacters)}…` : value;
  if (typeof value !== "number" || Number.isNaN(value)) return "–";
  if (type === "time") return Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : "–";
  if (type === "duration") return `${Math.round(value / 100) / 10} s`;
  return String(Math.round(value * 100) / 100);
}
