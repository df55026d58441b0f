import type { Checked, Expression } from "./ast.ts";
import { ExpressionError } from "./expression-error.ts";
import { type FunctionDefinition, functions, specialForms } from "./functions.ts";
import { didYouMean } from "./near-name.ts";
import { eventTimeSlot, named, type Type } from "./types.ts";

type Call = Extract<Expression, { kind: "call" }>;

/** Finds the function and the way it is called. Calls of constants alone are made here, once. */
export function checkCall(call: Call, check: (operand: Expression) => Checked): Checked {
  const { name, place } = call;
  const form = specialForms.get(name);
  if (form !== undefined) return special(call, form, call.operands.map(check));
  const definition = functions.get(name);
  if (definition === undefined)
    throw new ExpressionError(
      `there is no function "${name}"${didYouMean(name, [...functions.keys(), ...specialForms.keys()])}`,
      place,
    );
  const operands = call.operands.map(check);
  const types = operands.map(({ type }) => type);
  if (!definition.ways.some((way) => fits(way, types, definition.repeats === true)))
    throw new ExpressionError(
      `expected ${signatures(name, definition)}, found ${called(name, types)}`,
      place,
    );
  const type = definition.result === "first" ? (types[0] ?? "number") : definition.result;
  return folded({ kind: "call", type, apply: made(call, definition, operands), operands });
}

function fits(way: readonly Type[], types: readonly Type[], repeats: boolean): boolean {
  if (repeats ? types.length < way.length : types.length !== way.length) return false;
  return types.every((type, i) => type === way[Math.min(i, way.length - 1)]);
}

function made(
  { operands: written, place }: Call,
  { constant, make }: FunctionDefinition,
  operands: readonly Checked[],
) {
  const operand = constant === undefined ? undefined : operands[constant];
  if (operand !== undefined && (operand.kind !== "constant" || typeof operand.value === "boolean"))
    throw new ExpressionError(
      `expected ${named(operand.type)} that is written out`,
      written[constant ?? 0]?.place ?? place,
    );
  try {
    return make(operand?.kind === "constant" ? (operand.value as number | string) : undefined);
  } catch (error) {
    throw new ExpressionError(
      error instanceof Error ? error.message : String(error),
      written[constant ?? 0]?.place ?? place,
    );
  }
}

function folded(call: Extract<Checked, { kind: "call" }>): Checked {
  const values = call.operands.map((operand) =>
    operand.kind === "constant" ? operand.value : undefined,
  );
  if (values.includes(undefined)) return call;
  const value = call.apply(...(values as never[]));
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) return call;
  return { kind: "constant", type: call.type, value };
}

function special({ name, place }: Call, form: string, operands: readonly Checked[]): Checked {
  const [first, second, third] = operands;
  const wrong = (): never => {
    throw new ExpressionError(
      `expected ${form.slice(0, form.indexOf(":"))}, found ${called(
        name,
        operands.map(({ type }) => type),
      )}`,
      place,
    );
  };
  if (name === "known" && first !== undefined && operands.length === 1)
    return { kind: "known", type: "truth", operand: first };
  if (name === "age" && first?.type === "time" && operands.length === 1) {
    const paid: Checked = { kind: "field", type: "time", slot: eventTimeSlot };
    return { kind: "arithmetic", type: "duration", operator: "-", left: paid, right: first };
  }
  if (name === "default" && first !== undefined && second !== undefined && operands.length === 2)
    return first.type === second.type
      ? { kind: "default", type: first.type, operand: first, otherwise: second }
      : wrong();
  if (name !== "if" || first?.type !== "truth" || second === undefined || third === undefined)
    return wrong();
  if (operands.length !== 3 || second.type !== third.type) return wrong();
  return { kind: "if", type: second.type, condition: first, value: second, otherwise: third };
}

function called(name: string, types: readonly Type[]): string {
  return `${name}(${types.join(", ")})`;
}

function signatures(name: string, { ways, repeats }: FunctionDefinition): string {
  return ways
    .map((way) => `${name}(${way.join(", ")}${repeats === true ? ", …" : ""})`)
    .join(" or ");
}
