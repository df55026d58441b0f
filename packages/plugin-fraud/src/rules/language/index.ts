import type { Checked } from "./ast.ts";
import { checkExpression } from "./check.ts";
import { ExpressionError } from "./expression-error.ts";
import { parseExpression } from "./parser.ts";
import { named, type Scope, type Type } from "./types.ts";

export type { Checked } from "./ast.ts";
export type { Test } from "./closures.ts";
export { compileNumber, compileTest, compileValue, type Lists } from "./compile.ts";
export { ExpressionError, type Place } from "./expression-error.ts";
export { functions, specialForms } from "./functions.ts";
export { parseExpression } from "./parser.ts";
export { printExpression } from "./print.ts";
export * from "./types.ts";

/** Parses and checks an expression that is to give one of the types; ExpressionError where it does not. */
export function readExpression(source: string, scope: Scope, types: readonly Type[]): Checked {
  const expression = parseExpression(source);
  const checked = checkExpression(expression, scope);
  if (!types.includes(checked.type))
    throw new ExpressionError(
      `expected ${types.map(named).join(" or ")}, found ${named(checked.type)}`,
      expression.place,
    );
  return checked;
}
