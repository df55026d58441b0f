import { describe, expect, it } from "vitest";
import { indexOf, placeOfRefusal, placeProblems, textOf } from "../../src/pages/rules/rule-text.ts";

const text = `name: mine
rules:
  - id: first
    when: payment.amount > 10
    code: FIRST
  - id: second
    when: "card.count_10 >= 4"
    points: 200
  - id: third
    when: |
      payment.amount > 5 and
      nothing == 1
    code: THIRD
`;

describe("where a rule set's problems are", () => {
  it.each([
    ["an expression", { rule: "first", part: "when", line: 1, column: 5 }, "4:15"],
    ["one in quotes", { rule: "second", part: "when", line: 1, column: 1 }, "7:12"],
    ["one of several lines", { rule: "third", part: "when", line: 2, column: 1 }, "12:1"],
    ["a member by its path", { part: "rules.1.points" }, "8:13"],
    ["a member that is missing: its rule", { part: "rules.1.code" }, "6:5"],
    ["a rule that is not there: the beginning", { rule: "fourth", part: "when" }, "1:1"],
    ["the whole", { part: "document" }, "1:1"],
  ])("is the place of %s", (_, problem, expected) => {
    const [placed] = placeProblems(text, [{ message: "1:2: wrong", ...problem }]);
    expect(`${placed?.line}:${placed?.column}`).toBe(expected);
    expect(placed?.message).toBe("wrong");
  });

  it("is never outside of the text, also where it is no YAML", () => {
    for (const broken of ["", "rules: [", "- - -", "\u0000", "a: &x [*x]"])
      for (const part of ["when", "rules.0.when", "document"]) {
        const [placed] = placeProblems(broken, [{ rule: "r", part, message: "wrong" }]);
        expect(placed?.line).toBeGreaterThanOrEqual(1);
        expect(placed?.column).toBeGreaterThanOrEqual(1);
      }
  });

  it("is read from the words of a refusal", () => {
    expect(placeOfRefusal("bad indentation at line 3, column 7")).toMatchObject({
      line: 3,
      column: 7,
    });
    expect(placeOfRefusal("nested too deeply")).toMatchObject({ line: 1, column: 1 });
  });

  it("leads to the character, and to the end of a line that is shorter", () => {
    expect(indexOf("ab\ncd", 2, 2)).toBe(4);
    expect(indexOf("ab\ncd", 1, 99)).toBe(2);
    expect(indexOf("ab\ncd", 99, 1)).toBe(5);
  });

  it("a document is text that says the same", () => {
    expect(textOf({ name: "n", rules: [{ id: "a", when: "x > 1" }] })).toBe(
      "name: n\nrules:\n  - id: a\n    when: x > 1\n",
    );
  });
});
