import * as fc from "fast-check";
import type { Expression } from "../../../src/rules/language/ast.ts";
import type { Scope, Type } from "../../../src/rules/language/types.ts";
import { firstFieldSlot } from "../../../src/rules/language/types.ts";

const types: Readonly<Record<string, Type>> = {
  "card.count_1h": "number",
  amount: "number",
  "card.country": "text",
  "customer.name": "text",
  "payment.failed": "truth",
  vip: "truth",
  "payment.time": "time",
  "customer.first_seen": "time",
  "customer.age": "duration",
};
export const fieldNames = Object.keys(types);
export const listed = ["DE", "a", ""];
export const scope: Scope = {
  fields: new Map(
    Object.entries(types).map(([name, type], i) => [name, { type, slot: firstFieldSlot + i }]),
  ),
  lists: new Set(["deny"]),
};

const place = { line: 1, column: 1 };
const numbers = fc.oneof(
  fc.integer({ min: 0, max: 12 }),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
);
const texts = fc.oneof(fc.constantFrom("DE", "US", "a", "ab", "", "aé\n"), fc.string());
const durations = fc.constantFrom(0, 1, 1_500, 60_000, 86_400_000, 7 * 86_400_000);

const values: Readonly<Record<Type, fc.Arbitrary<number | string | boolean>>> = {
  number: fc.oneof(
    fc.integer({ min: -3, max: 12 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
  text: texts,
  truth: fc.boolean(),
  time: fc.integer({ min: -1e12, max: 4e12 }),
  duration: fc.oneof(durations, fc.integer()),
};

/** Values of all fields, each missing now and then. */
export const facts: fc.Arbitrary<Readonly<Record<string, number | string | boolean | undefined>>> =
  fc.record(
    Object.fromEntries(
      Object.entries(types).map(([name, type]) => [
        name,
        fc.option(values[type], { nil: undefined, freq: 3 }),
      ]),
    ),
  );

/** A node without its place; the kind says which members it has. */
const node = (made: {
  readonly kind: Expression["kind"];
  readonly [member: string]: unknown;
}): Expression => ({ ...made, place }) as unknown as Expression;
const call = (name: string, ...operands: Expression[]): Expression =>
  node({ kind: "call", name, operands });
const binary = (operator: string, left: Expression, right: Expression): Expression =>
  node({ kind: "binary", operator, left, right });

function leaf(type: Type): fc.Arbitrary<Expression> {
  const names = fieldNames.filter((name) => types[name] === type);
  const name = fc.constantFrom(...names).map((each) => node({ kind: "name", name: each }));
  if (type === "time") return name;
  const value = { number: numbers, text: texts, truth: fc.boolean(), duration: durations }[type];
  return fc.oneof(
    { weight: 2, arbitrary: name },
    {
      weight: 1,
      arbitrary: (value as fc.Arbitrary<never>).map((each) => node({ kind: type, value: each })),
    },
  );
}

const digits = fc.integer({ min: 0, max: 5 }).map((value) => node({ kind: "number", value }));

const made = new Map<string, fc.Arbitrary<Expression>>();

/** Expressions of a type that are right by their types. */
export function expressionOf(type: Type, depth = 4): fc.Arbitrary<Expression> {
  const key = `${type} ${depth}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const arbitrary = depth === 0 ? leaf(type) : branch(type, depth);
  made.set(key, arbitrary);
  return arbitrary;
}

function branch(type: Type, depth: number): fc.Arbitrary<Expression> {
  const of = (inner: Type): fc.Arbitrary<Expression> => expressionOf(inner, depth - 1);
  const two = (operator: string, left: Type, right: Type): fc.Arbitrary<Expression> =>
    fc.tuple(of(left), of(right)).map(([a, b]) => binary(operator, a, b));
  const one = (name: string, ...operands: Type[]): fc.Arbitrary<Expression> =>
    fc.tuple(...operands.map(of)).map((given) => call(name, ...given));
  const shared = [
    fc.tuple(of("truth"), of(type), of(type)).map((given) => call("if", ...given)),
    one("default", type, type),
    leaf(type),
  ];
  return fc.oneof(...shared, ...own[type](of, two, one));
}

type Of = (type: Type) => fc.Arbitrary<Expression>;
type Two = (operator: string, left: Type, right: Type) => fc.Arbitrary<Expression>;
type One = (name: string, ...operands: Type[]) => fc.Arbitrary<Expression>;

const own: Readonly<Record<Type, (of: Of, two: Two, one: One) => Array<fc.Arbitrary<Expression>>>> =
  {
    number: (of, two, one) => [
      ...["+", "-", "*", "/", "%"].map((operator) => two(operator, "number", "number")),
      two("/", "duration", "duration"),
      of("number").map((operand) => node({ kind: "negate", operand })),
      one("abs", "number"),
      one("floor", "number"),
      one("sqrt", "number"),
      one("log", "number"),
      one("min", "number", "number"),
      one("max", "number", "number", "number"),
      one("length", "text"),
      one("similarity", "text", "text"),
      one("hour", "time"),
      one("weekday", "time"),
      fc.tuple(of("number"), digits).map(([value, count]) => call("round", value, count)),
    ],
    text: (of, _, one) => [
      one("lower", "text"),
      one("after", "text", "text"),
      fc.tuple(of("number"), digits).map(([value, count]) => call("fixed", value, count)),
    ],
    truth: (of, two, one) => [
      of("truth").map((operand) => node({ kind: "not", operand })),
      ...(["and", "or"] as const).map((kind) =>
        fc
          .array(of("truth"), { minLength: 2, maxLength: 5 })
          .map((operands) => node({ kind, operands })),
      ),
      ...["<", "<=", ">", ">=", "==", "!="].flatMap((operator) => [
        two(operator, "number", "number"),
        two(operator, "duration", "duration"),
        two(operator, "time", "time"),
      ]),
      ...["==", "!="].flatMap((operator) => [
        two(operator, "text", "text"),
        two(operator, "truth", "truth"),
      ]),
      ...["contains", "starts with", "ends with"].map((operator) => two(operator, "text", "text")),
      fc
        .tuple(of("text"), fc.constantFrom("^a", "a|é", "[A-Z]{2}$", "x*y"))
        .map(([text, value]) => binary("matches", text, node({ kind: "text", value }))),
      ...(["number", "text", "truth", "time"] as const).map((type) => one("known", type)),
      fc
        .tuple(of("text"), fc.boolean())
        .map(([operand, negated]) =>
          node({ kind: "in", operand, negated, set: { kind: "list", name: "deny" } }),
        ),
      fc
        .tuple(of("text"), fc.boolean(), fc.array(texts, { maxLength: 3 }))
        .map(([operand, negated, members]) =>
          node({ kind: "in", operand, negated, set: { kind: "values", values: members } }),
        ),
      fc
        .tuple(of("number"), fc.array(fc.integer({ min: -2, max: 12 }), { maxLength: 3 }))
        .map(([operand, members]) =>
          node({
            kind: "in",
            operand,
            negated: false,
            set: { kind: "values", values: members },
          }),
        ),
    ],
    time: (_, two) => [two("+", "time", "duration"), two("-", "time", "duration")],
    duration: (of, two, one) => [
      two("+", "duration", "duration"),
      two("-", "duration", "duration"),
      two("-", "time", "time"),
      two("*", "number", "duration"),
      two("/", "duration", "number"),
      one("age", "time").map((age) =>
        // Written out, for the interpreter knows of no payment but its field.
        binary("-", node({ kind: "name", name: "payment.time" }), operandOf(age)),
      ),
      of("duration").map((operand) => node({ kind: "negate", operand })),
    ],
  };

function operandOf(expression: Expression): Expression {
  return expression.kind === "call" ? (expression.operands[0] ?? expression) : expression;
}
