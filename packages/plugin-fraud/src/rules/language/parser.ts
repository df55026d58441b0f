import {
  arithmetic,
  type BinaryOperator,
  comparisons,
  type Expression,
  type MemberSet,
} from "./ast.ts";
import { ExpressionError } from "./expression-error.ts";
import { type Token, tokenise } from "./lexer.ts";

/** What one expression may be at most. */
export const expressionLimits = {
  characters: 4_000,
  depth: 50,
  setValues: 1_000,
} as const;

const strength = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, negate: 7 } as const;

/** Operators of two operands and how strongly they bind; those of one strength group from the left, comparisons not at all. */
const binary: ReadonlyMap<string, number> = new Map<string, number>([
  ["or", strength.or],
  ["and", strength.and],
  ...[...comparisons, "in", "not in", "contains", "starts with", "ends with", "matches"].map(
    (operator) => [operator, strength.comparison] as const,
  ),
  ...arithmetic.map(
    (operator) => [operator, "+-".includes(operator) ? strength.sum : strength.product] as const,
  ),
]);

/** Operators of two words. */
const second: Readonly<Record<string, string>> = { starts: "with", ends: "with", not: "in" };

/**
 * Reads an expression; ExpressionError says what was expected and where.
 * @see Pratt, "Top down operator precedence", POPL 1973
 */
export function parseExpression(source: string): Expression {
  if (source.length > expressionLimits.characters)
    throw new ExpressionError(
      `an expression has at most ${expressionLimits.characters} characters, this one has ${source.length}`,
      { line: 1, column: 1 },
    );
  const tokens = tokenise(source);
  let position = 0;
  let depth = 0;

  const peek = (ahead = 0): Token => tokens[Math.min(position + ahead, tokens.length - 1)] as Token;
  const next = (): Token => {
    const token = peek();
    position += 1;
    return token;
  };
  const isNext = (text: string): boolean =>
    peek().text === text && (peek().kind === "symbol" || peek().kind === "word");
  const expect = (text: string): void => {
    if (!isNext(text)) fail(peek(), `"${text}"`);
    position += 1;
  };

  function expression(least: number): Expression {
    depth += 1;
    if (depth > expressionLimits.depth) tooDeep(peek());
    let left = prefix();
    for (let chained = 0; ; chained += 1) {
      const operator = operatorAhead();
      const binding = operator === undefined ? undefined : binary.get(operator);
      if (operator === undefined || binding === undefined || binding < least) break;
      if (chained + depth > expressionLimits.depth) tooDeep(peek());
      left = infix(left, operator, binding);
    }
    depth -= 1;
    return left;
  }

  function operatorAhead(): string | undefined {
    const { kind, text } = peek();
    if (kind !== "symbol" && kind !== "word") return undefined;
    const wanted = second[text];
    return wanted !== undefined && peek(1).kind === "word" && peek(1).text === wanted
      ? `${text} ${wanted}`
      : text;
  }

  function prefix(): Expression {
    const token = next();
    const { place } = token;
    if (token.kind === "number" || token.kind === "duration")
      return { kind: token.kind, value: token.value, place };
    if (token.kind === "text") return { kind: "text", value: token.value, place };
    if (token.kind === "name")
      return isNext("(") ? call(token) : { kind: "name", name: token.text, place };
    switch (token.kind === "end" ? "" : token.text) {
      case "true":
      case "false":
        return { kind: "truth", value: token.text === "true", place };
      case "not":
        return { kind: "not", operand: expression(strength.not), place };
      case "-":
        return { kind: "negate", operand: expression(strength.negate), place };
      case "(": {
        const inner = expression(strength.or);
        expect(")");
        return inner;
      }
      default:
        return fail(token, "a value");
    }
  }

  function call({ text: name, place }: Token): Expression {
    expect("(");
    const operands: Expression[] = [];
    while (!isNext(")")) {
      if (operands.length > 0) expect(",");
      operands.push(expression(strength.or));
    }
    expect(")");
    return { kind: "call", name, operands, place };
  }

  function infix(left: Expression, operator: string, binding: number): Expression {
    const { place } = peek();
    position += operator.includes(" ") ? 2 : 1;
    if (operator === "and" || operator === "or") {
      const operands = [left, expression(binding + 1)];
      while (isNext(operator)) {
        position += 1;
        operands.push(expression(binding + 1));
      }
      return { kind: operator, operands, place };
    }
    const made: Expression =
      operator === "in" || operator === "not in"
        ? { kind: "in", operand: left, negated: operator !== "in", set: memberSet(), place }
        : {
            kind: "binary",
            operator: operator as BinaryOperator,
            left,
            right: expression(binding + 1),
            place,
          };
    if (binding === strength.comparison && binary.get(operatorAhead() ?? "") === binding)
      throw new ExpressionError(
        `"${operatorAhead()}" cannot follow another comparison; join the two with and, or use parentheses`,
        peek().place,
      );
    return made;
  }

  function memberSet(): MemberSet {
    const token = next();
    if (token.kind === "name" && token.text.startsWith("lists."))
      return { kind: "list", name: token.text.slice("lists.".length) };
    if (token.kind !== "symbol" || token.text !== "[")
      return fail(token, `"[" or a list, as in lists.deny`);
    const values: (string | number)[] = [];
    while (!isNext("]")) {
      if (values.length > 0) expect(",");
      if (values.length === expressionLimits.setValues)
        throw new ExpressionError(
          `a set has at most ${expressionLimits.setValues} values; use a list for more`,
          peek().place,
        );
      values.push(member());
    }
    expect("]");
    return { kind: "values", values };
  }

  function member(): string | number {
    const sign = isNext("-") ? -1 : 1;
    if (sign < 0) position += 1;
    const token = next();
    if (token.kind === "number") return sign * token.value;
    if (token.kind === "text" && sign > 0) return token.value;
    return fail(token, "a number or a text of the set");
  }

  const whole = expression(strength.or);
  if (peek().kind !== "end") fail(peek(), "an operator or the end");
  return whole;
}

function fail({ kind, text, place }: Token, expected: string): never {
  const found = kind === "end" ? text : `"${text.slice(0, 40)}"`;
  throw new ExpressionError(`expected ${expected}, found ${found}`, place);
}

function tooDeep({ place }: Token): never {
  throw new ExpressionError(
    `nested more than ${expressionLimits.depth} deep; make it two rules`,
    place,
  );
}
