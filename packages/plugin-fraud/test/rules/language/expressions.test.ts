import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Expression } from "../../../src/rules/language/ast.ts";
import {
  compileTest,
  compileValue,
  ExpressionError,
  type Facts,
  parseExpression,
  printExpression,
  readExpression,
  type Type,
} from "../../../src/rules/language/index.ts";
import { expressionOf, facts, fieldNames, listed, scope } from "./arbitrary-expression.ts";
import { interpret } from "./interpret.ts";

const numRuns = Number(process.env["ECAP_ROUNDS"] ?? 1) * 300;
const types: readonly Type[] = ["number", "text", "truth", "time", "duration"];
const typed = fc
  .constantFrom(...types)
  .chain((type) => expressionOf(type).map((expression) => ({ type, expression })));
const lists = () => ({ has: (value: string) => listed.includes(value) });

type Values = Readonly<Record<string, number | string | boolean | undefined>>;

/** Facts as the engine gives them: what is missing of a number, a time or a duration is NaN. */
function toFacts(values: Values): Facts {
  return [
    0,
    Number.NaN,
    ...fieldNames.map((name) => {
      const type = scope.fields.get(name)?.type;
      return values[name] ?? (type === "text" || type === "truth" ? undefined : Number.NaN);
    }),
  ];
}

function evaluate(
  source: string,
  type: Type,
  values: Values,
): number | string | boolean | undefined {
  const checked = readExpression(source, scope, [type]);
  const given = toFacts(values);
  if (type === "truth") {
    const isTrue = compileTest(checked, true, lists)(given);
    const isFalse = compileTest(checked, false, lists)(given);
    expect(isTrue && isFalse).toBe(false);
    return isTrue ? true : isFalse ? false : undefined;
  }
  const value = compileValue(checked, lists)(given);
  return Number.isNaN(value) ? undefined : value;
}

/** Where a node stands is no part of what it says. */
function withoutPlaces(expression: Expression): unknown {
  return JSON.parse(
    JSON.stringify(expression, (key: string, value: unknown) =>
      key === "place" ? undefined : value,
    ),
  );
}

test("closures give what reading the tree gives, for whatever expression and whatever is missing", () => {
  let known = 0;
  fc.assert(
    fc.property(typed, facts, ({ type, expression }, values) => {
      const expected = interpret(expression, { fields: values, lists: { deny: listed } });
      if (expected !== undefined) known += 1;
      // 0 and -0 are one number to every operator of the language.
      const normal = expected === 0 ? 0 : expected;
      const found = evaluate(printExpression(expression), type, values);
      expect(found === 0 ? 0 : found).toEqual(normal);
    }),
    { numRuns },
  );
  expect(known).toBeGreaterThan(numRuns / 5);
});

test("what is printed is read as the same expression", () => {
  fc.assert(
    fc.property(typed, ({ expression }) => {
      expect(withoutPlaces(parseExpression(printExpression(expression)))).toEqual(
        withoutPlaces(expression),
      );
    }),
    { numRuns },
  );
});

test.each(["\\b", "\b\f", "\\\\f", '"\n'])("a text of escapes is read as it was: %j", (value) => {
  const text = { kind: "text", value, place: { line: 1, column: 1 } } as const;
  expect(withoutPlaces(parseExpression(printExpression(text)))).toEqual(withoutPlaces(text));
});

const pieces = fc.constantFrom(
  ...'( ) [ ] , and or not in == != < >= + - * / % contains starts with matches true 1 10m 1e9 "a" \' \\ # amount card.count_1h lists.deny min if known hour known( \n é 💳 . _ $ ^'.split(
    " ",
  ),
);

test("whatever is written is an expression or an error that says where", () => {
  const written = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(pieces, { maxLength: 40 }).map((given) => given.join(" ")),
  );
  fc.assert(
    fc.property(written, (source) => {
      try {
        readExpression(source, scope, types);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
        const { place, message } = error as ExpressionError;
        const lines = source.split("\n");
        expect(place.line).toBeLessThanOrEqual(lines.length);
        expect(place.column).toBeLessThanOrEqual((lines[place.line - 1]?.length ?? 0) + 1);
        expect(message).toMatch(/^\d+:\d+: \S/);
      }
    }),
    { numRuns },
  );
});

test.each([
  ["card.cout_1h > 3", '1:1: there is no "card.cout_1h"; did you mean "card.count_1h"?'],
  ["amount >", "1:8: expected a value, found the end".replace("1:8", "1:9")],
  ['amount > "5"', "1:10: expected a number, found a text"],
  ["amount > 3 and\n  card.country", '2:3: expected a truth, found a text, "card.country"'],
  ["amount && vip", '1:8: "&" means nothing here; write and'],
  ["amount = 3", '1:8: "=" means nothing here; write =='],
  [
    "1 < amount < 3",
    '1:12: "<" cannot follow another comparison; join the two with and, or use parentheses',
  ],
  [
    "simlarity(card.country, 'x') > 1",
    '1:1: there is no function "simlarity"; did you mean "similarity"?',
  ],
  ["card.country in lists.denny", '1:14: there is no list "denny"; did you mean "deny"?'],
  ["card.country in amount", '1:17: expected "[" or a list, as in lists.deny, found "amount"'],
  ["card.country in [1]", "1:14: the set is searched for a text, but has 1"],
  ["card.country == 'DE", "1:17: the text that begins here does not end; ' closes it"],
  ["amount > 10x", '1:10: "x" is no unit; a duration ends in ms, s, m, h, d, w'],
  ["payment.time + payment.time", "1:14: a time + a time means nothing"],
  ["hour(payment.time, card.country) > 1", "1:20: expected a text that is written out"],
  ["hour(payment.time, 'Mars/Base') > 1", "1:20: Invalid time zone specified: Mars/Base"],
  ["round(amount, 99) > 1", "1:15: digits are a whole number from 0 to 10"],
  ["lower(amount) == 'a'", "1:1: expected lower(text), found lower(number)"],
  ["card.country matches '(a'", "1:22: error parsing regexp: missing closing )"],
  ["card.country matches '(?=a)'", "1:22: error parsing regexp"],
  ["card.country matches '((a{1,50}){1,15}){1,9}'", "1:22: "],
  ["hour > 3", '1:1: "hour" is a function; expected "(" after it'],
  ["amount > 1 vip", '1:12: expected an operator or the end, found "vip"'],
  ["(amount > 1", '1:12: expected ")", found the end'],
  ["constructor > 1", '1:1: there is no "constructor"'],
  ["toString(amount) > 1", '1:1: there is no function "toString"'],
  ["", "1:1: expected a value, found the end"],
  ["1e999 > 1", "1:1: 1e999 is too large"],
])("%s is refused: %s", (source, message) => {
  expect(() => readExpression(source, scope, types)).toThrow(message);
});

function refuse(source: string, message: string): void {
  expect(() => parseExpression(source)).toThrow(message);
}

test("what is too long, too deep or too many is refused", () => {
  refuse(`1 ${"+ 1".repeat(2_000)}`, "at most 4000 characters");
  refuse(`${"(".repeat(60)}1${")".repeat(60)}`, "nested more than 50 deep");
  refuse(`${"not ".repeat(60)}vip`, "nested more than 50 deep");
  refuse(`1${" + 1".repeat(60)}`, "nested more than 50 deep");
  refuse(`amount in [${"1,".repeat(1_001)}1]`, "at most 1000 values");
  expect(() => parseExpression(`vip${" and vip".repeat(300)}`)).not.toThrow();
});

test.each<readonly [string, Values, number | string | boolean | undefined]>([
  ["amount / 0 > 1", { amount: 5 }, undefined],
  ["not (amount / 0 > 1)", { amount: 5 }, undefined],
  ["known(amount / 0)", { amount: 5 }, false],
  ["amount * 1e308 * 10 > 1", { amount: 5 }, undefined],
  ["amount > 1 or vip", { vip: true }, true],
  ["amount > 1 and vip", { vip: false }, false],
  ["amount > 1 and vip", { vip: true }, undefined],
  ["default(amount, 0) == 0", {}, true],
  ["amount != 3", {}, undefined],
  ["card.country not in ['DE']", {}, undefined],
  ["card.country not in lists.deny", { "card.country": "US" }, true],
  ["NOT card.country IN lists.deny AND amount < 3", { "card.country": "US", amount: 1 }, true],
  ["hour(payment.time, 'Europe/Berlin') == 1", { "payment.time": Date.UTC(2026, 0, 1) }, true],
  ["hour(payment.time, 'Europe/Berlin') == 2", { "payment.time": Date.UTC(2026, 6, 1) }, true],
  ["hour(payment.time, 'Asia/Kathmandu') == 5", { "payment.time": Date.UTC(2026, 0, 1) }, true],
  ["payment.time < time('2026-01-31')", { "payment.time": Date.UTC(2026, 0, 1) }, true],
  [
    "payment.time - customer.first_seen < 1d",
    { "payment.time": 5, "customer.first_seen": 4 },
    true,
  ],
  ["1 + 2 * 3 == 7 and -2 - 3 == -5 and 7 % 4 == 3", {}, true],
  ["after('ann@mail.example', '@') == 'mail.example'", {}, true],
  ["90s == 1.5m # a comment", {}, true],
  ["'\\u0041\\n' == \"A\\n\"", {}, true],
])("%s", (source, values, expected) => {
  expect(evaluate(source, "truth", values)).toBe(expected);
});

test("a pattern that costs others a night ends here", () => {
  expect(
    evaluate("customer.name matches '^(a+)+$'", "truth", {
      "customer.name": `${"a".repeat(1_000)}!`,
    }),
  ).toBe(false);
});
