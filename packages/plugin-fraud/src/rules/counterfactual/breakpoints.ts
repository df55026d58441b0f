import { type Checked, readExpression, type Scope } from "../language/index.ts";
import type { RuleSet } from "../rule-set.ts";

/** By the position of a fact, the numbers at which a condition or the points of a rule may change: what the fact is compared with. */
export type Breakpoints = ReadonlyMap<number, readonly number[]>;

/** Of all rules that are asked. A fact within a calculation has none; where it changes something is found by trying. */
export function breakpointsOf({ rules }: RuleSet, scope: Scope): Breakpoints {
  const found = new Map<number, Set<number>>();
  for (const { enabled, when, points } of rules) {
    if (!enabled) continue;
    collect(readExpression(when, scope, ["truth"]), found);
    if (typeof points === "string") collect(readExpression(points, scope, ["number"]), found);
  }
  return new Map(
    [...found].map(([slot, numbers]) => [slot, [...numbers].toSorted((a, b) => a - b)]),
  );
}

function collect(checked: Checked, found: Map<number, Set<number>>): void {
  const add = (operand: Checked, numbers: readonly unknown[]): void => {
    const slot = slotOf(operand);
    if (slot === undefined) return;
    const known = found.get(slot) ?? new Set();
    for (const number of numbers) if (typeof number === "number") known.add(number);
    found.set(slot, known);
  };
  if (checked.kind === "comparison") {
    const { left, right } = checked;
    if (right.kind === "constant") add(left, [right.value]);
    if (left.kind === "constant") add(right, [left.value]);
  }
  if (checked.kind === "in" && checked.set.kind === "values")
    add(checked.operand, checked.set.values);
  for (const inner of operandsOf(checked)) collect(inner, found);
}

/** The fact that an operand is, with another in its place or not. */
function slotOf(operand: Checked): number | undefined {
  if (operand.kind === "field") return operand.slot;
  return operand.kind === "default" ? slotOf(operand.operand) : undefined;
}

function operandsOf(checked: Checked): readonly Checked[] {
  switch (checked.kind) {
    case "constant":
    case "field":
      return [];
    case "not":
    case "negate":
    case "known":
    case "matches":
    case "in":
      return [checked.operand];
    case "and":
    case "or":
    case "call":
      return checked.operands;
    case "comparison":
    case "arithmetic":
    case "text-test":
      return [checked.left, checked.right];
    case "default":
      return [checked.operand, checked.otherwise];
    case "if":
      break;
  }
  return [checked.condition, checked.value, checked.otherwise];
}
