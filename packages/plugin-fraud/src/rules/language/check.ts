import type { Arithmetic, Checked, Expression } from "./ast.ts";
import { checkCall } from "./check-call.ts";
import { ExpressionError, type Place } from "./expression-error.ts";
import { functions, specialForms } from "./functions.ts";
import { didYouMean } from "./near-name.ts";
import { compilePattern } from "./pattern.ts";
import { named, type Scope, type Type } from "./types.ts";

/** Resolves names and checks types; ExpressionError says what was expected and where. */
export function checkExpression(expression: Expression, scope: Scope): Checked {
  const check = (inner: Expression): Checked => checkExpression(inner, scope);
  const { place } = expression;
  switch (expression.kind) {
    case "number":
    case "duration":
    case "text":
    case "truth":
      return { kind: "constant", type: expression.kind, value: expression.value };
    case "name":
      return field(expression.name, scope, place);
    case "not":
      return { kind: "not", type: "truth", operand: wanted(expression.operand, ["truth"], check) };
    case "negate": {
      const operand = wanted(expression.operand, ["number", "duration"], check);
      if (operand.kind === "constant") return { ...operand, value: -Number(operand.value) };
      return { kind: "negate", type: operand.type, operand };
    }
    case "and":
    case "or":
      return {
        kind: expression.kind,
        type: "truth",
        operands: expression.operands.map((operand) => wanted(operand, ["truth"], check)),
      };
    case "binary":
      return binary(expression, check);
    case "in":
      return membership(expression, scope, check);
    case "call":
      break;
  }
  return checkCall(expression, check);
}

type Check = (expression: Expression) => Checked;
type Kind<K extends Expression["kind"]> = Extract<Expression, { kind: K }>;

export function wanted(expression: Expression, types: readonly Type[], check: Check): Checked {
  const checked = check(expression);
  if (!types.includes(checked.type))
    throw new ExpressionError(
      `expected ${types.map(named).join(" or ")}, found ${found(expression, checked)}`,
      expression.place,
    );
  return checked;
}

function found(expression: Expression, { type }: Checked): string {
  if (expression.kind === "name") return `${named(type)}, "${expression.name}"`;
  return named(type);
}

function field(name: string, { fields }: Scope, place: Place): Checked {
  const known = fields.get(name);
  if (known !== undefined) return { kind: "field", type: known.type, slot: known.slot };
  if (name.startsWith("lists."))
    throw new ExpressionError(`a list stands after in, as in card.id in ${name}`, place);
  if (functions.has(name) || specialForms.has(name))
    throw new ExpressionError(`"${name}" is a function; expected "(" after it`, place);
  throw new ExpressionError(`there is no "${name}"${didYouMean(name, fields.keys())}`, place);
}

function binary(expression: Kind<"binary">, check: Check): Checked {
  const { operator } = expression;
  switch (operator) {
    case "==":
    case "!=": {
      const left = check(expression.left);
      const right = wanted(expression.right, [left.type], check);
      return { kind: "comparison", type: "truth", operator, left, right };
    }
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const left = wanted(expression.left, ["number", "duration", "time"], check);
      const right = wanted(expression.right, [left.type], check);
      return { kind: "comparison", type: "truth", operator, left, right };
    }
    case "contains":
    case "starts with":
    case "ends with": {
      const left = wanted(expression.left, ["text"], check);
      const right = wanted(expression.right, ["text"], check);
      return { kind: "text-test", type: "truth", operator, left, right };
    }
    case "matches":
      return pattern(expression, check);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      break;
  }
  return calculation(expression, operator, check);
}

function pattern({ left, right }: Kind<"binary">, check: Check): Checked {
  const operand = wanted(left, ["text"], check);
  if (right.kind !== "text")
    throw new ExpressionError("expected a pattern written as a text", right.place);
  try {
    compilePattern(right.value);
  } catch (error) {
    throw new ExpressionError(error instanceof Error ? error.message : String(error), right.place);
  }
  return { kind: "matches", type: "truth", operand, pattern: right.value };
}

/** What comes of an operator and the types at its sides. */
const results: Readonly<Record<Arithmetic, Readonly<Record<string, Type>>>> = {
  "+": {
    "number number": "number",
    "duration duration": "duration",
    "time duration": "time",
    "duration time": "time",
  },
  "-": {
    "number number": "number",
    "duration duration": "duration",
    "time duration": "time",
    "time time": "duration",
  },
  "*": {
    "number number": "number",
    "number duration": "duration",
    "duration number": "duration",
  },
  "/": { "number number": "number", "duration number": "duration", "duration duration": "number" },
  "%": { "number number": "number" },
};

function calculation(expression: Kind<"binary">, operator: Arithmetic, check: Check): Checked {
  const left = wanted(expression.left, ["number", "duration", "time"], check);
  const right = wanted(expression.right, ["number", "duration", "time"], check);
  const type = results[operator][`${left.type} ${right.type}`];
  if (type === undefined)
    throw new ExpressionError(
      `${named(left.type)} ${operator} ${named(right.type)} means nothing; there are ${Object.keys(
        results[operator],
      )
        .map((pair) => pair.replace(" ", ` ${operator} `))
        .join(", ")}`,
      expression.place,
    );
  return { kind: "arithmetic", type, operator, left, right };
}

function membership(
  { operand, negated, set, place }: Kind<"in">,
  scope: Scope,
  check: Check,
): Checked {
  if (set.kind === "list") {
    if (!scope.lists.has(set.name))
      throw new ExpressionError(
        `there is no list "${set.name}"${didYouMean(set.name, scope.lists)}`,
        place,
      );
    return { kind: "in", type: "truth", operand: wanted(operand, ["text"], check), negated, set };
  }
  const checked = wanted(operand, ["text", "number"], check);
  const wrong = set.values.find(
    (value) => (typeof value === "number" ? "number" : "text") !== checked.type,
  );
  if (wrong !== undefined)
    throw new ExpressionError(
      `the set is searched for ${named(checked.type)}, but has ${JSON.stringify(wrong)}`,
      place,
    );
  return { kind: "in", type: "truth", operand: checked, negated, set };
}
