import { expect, test } from "vitest";
import { documentCharacters, readDocument } from "../../src/rules/read-document.ts";

const usualRule = (i: number): string => `  - id: card-velocity-${i}
    when: card.count_10m >= 4 and payment.amount > 200 and not known(device.id)
    points: 45
    code: CARD_VELOCITY
    detail: "{card.count_10m} payments with this card"
`;

test("a thousand rules of the usual size are no longer than may be", () => {
  const source = `name: shop\nrules:\n${Array.from({ length: 1_000 }, (_, i) => usualRule(i)).join("")}`;
  expect(source.length).toBeLessThan(documentCharacters);
  expect(readDocument(source)).toMatchObject({ name: "shop" });
});

test.each([
  [
    "two members of one name",
    "name: a\nname: b",
    'two members are called "name" at line 2, column 1',
  ],
  [
    "names that are one as texts",
    "{1: a, '1': b}",
    'two members are called "1" at line 1, column 8',
  ],
  ["a name that is no text", "{[a]: b}", "the name of a member is no text"],
  [
    "too many aliases",
    `a: &a 1\nb: [${"*a,".repeat(101)}]`,
    "the document repeats itself more than 100 times",
  ],
  ["what is no YAML", "rules: [", /at line 1, column 9$/],
])("%s is told with its place", (_, source, message) => {
  expect(() => readDocument(source)).toThrow(message);
});

test("the traces of errors are as long as before", () => {
  const { stackTraceLimit } = Error;
  expect(() => readDocument("[")).toThrow();
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
});
