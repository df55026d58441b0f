import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileRuleSet, readRuleSet } from "../../src/rules/compile-rule-set.ts";
import { detailsOf, evaluate } from "../../src/rules/evaluate.ts";
import { factsWith, ruleSet, thresholds } from "./rules-of.ts";

const big = { id: "big", when: "payment.amount > 100", points: 40, code: "BIG" };
const facts = (more: Record<string, unknown> = {}) =>
  factsWith({}, { "payment.amount": 500, ...more });

const silenced = (rule: string): boolean => rule === "big";

const hash = (set: ReturnType<typeof ruleSet>, given = facts()): string =>
  evaluate(set, given, { thresholds }).hash;

const problemsOf = (rules: readonly unknown[]) =>
  readRuleSet({ name: "t", rules }, ["deny"]).problems;

describe("a ruling", () => {
  test("adds points, and stays between 0 and 100", () => {
    const more = {
      id: "more",
      when: "payment.amount > 200",
      points: "payment.amount",
      code: "MORE",
    };
    const less = { id: "less", when: "true", points: -30, code: "LESS" };
    expect(evaluate(ruleSet([big, less]), facts(), { thresholds })).toMatchObject({
      score: 10,
      outcome: "approve",
    });
    expect(evaluate(ruleSet([big, more]), facts(), { thresholds })).toMatchObject({
      score: 100,
      outcome: "decline",
    });
    expect(evaluate(ruleSet([less]), facts(), { thresholds }).score).toBe(0);
  });

  test("points that are missing are none, and the rule still held", () => {
    const rule = { id: "r", when: "true", points: "1 / (payment.amount - 500)", code: "R" };
    expect(evaluate(ruleSet([rule]), facts(), { thresholds }).hits).toEqual([
      { rule: "r", code: "R", points: 0 },
    ]);
  });

  test("of outcomes the highest priority counts, of these the most severe, whatever the order", () => {
    const asks = fc.record({
      outcome: fc.constantFrom("approve", "challenge", "review", "decline"),
      priority: fc.integer({ min: 0, max: 3 }),
    });
    const severity = ["approve", "challenge", "review", "decline"];
    fc.assert(
      fc.property(
        fc.array(asks, { maxLength: 6 }),
        fc.constantFrom(0, 30, 60, 90),
        (asked, score) => {
          const rules = asked.map((ask, i) => ({ id: `r${i}`, when: "true", code: "R", ...ask }));
          const set = ruleSet([{ id: "score", when: "true", points: score, code: "S" }, ...rules]);
          const byScore = ["approve", "challenge", "review", "decline"][score / 30] ?? "";
          const all = [{ outcome: byScore, priority: 0 }, ...asked];
          const highest = Math.max(...all.map(({ priority }) => priority));
          const expected = all
            .filter(({ priority }) => priority === highest)
            .toSorted(
              (a, b) => severity.indexOf(b.outcome) - severity.indexOf(a.outcome),
            )[0]?.outcome;
          expect(evaluate(set, facts(), { thresholds }).outcome).toBe(expected);
        },
      ),
    );
  });

  test("a rule that is off or silenced does not hold", () => {
    expect(evaluate(ruleSet([{ ...big, enabled: false }]), facts(), { thresholds }).hits).toEqual(
      [],
    );
    expect(evaluate(ruleSet([big]), facts(), { thresholds, silenced }).hits).toEqual([]);
  });

  test("a rule set's own thresholds stand over the plugin's", () => {
    const set = ruleSet([big], { thresholds: { challenge: 10, review: 20, decline: 40 } });
    expect(evaluate(set, facts(), { thresholds }).outcome).toBe("decline");
  });
});

describe("the hash", () => {
  test("is of what the rules say and read, not of names, order of members or facts nobody asks for", () => {
    const same = { code: "BIG", points: 40, when: "payment.amount > 100", id: "big" };
    expect(hash(ruleSet([same], { name: "other" }))).toBe(hash(ruleSet([big])));
    expect(hash(ruleSet([big]), facts({ "payment.country": "DE" }))).toBe(hash(ruleSet([big])));
    expect(hash(ruleSet([big]), facts({ "payment.amount": 501 }))).not.toBe(hash(ruleSet([big])));
    expect(hash(ruleSet([{ ...big, points: 41 }]))).not.toBe(hash(ruleSet([big])));
  });
});

describe("whatever a payment brings", () => {
  const odd = fc.oneof(
    fc.constantFrom(
      Number.NaN,
      Infinity,
      -Infinity,
      null,
      undefined,
      {},
      [],
      "x".repeat(1_000_000),
      "\0",
      -0,
      1e308,
    ),
    fc.anything(),
  );
  const set = ruleSet([
    big,
    {
      id: "zero",
      when: "payment.amount / (payment.amount - payment.amount) > 1",
      points: 1,
      code: "Z",
    },
    {
      id: "text",
      when: "lower(customer.id) matches '(a+)+$' or similarity(customer.id, card.id) > 0.9 or customer.id contains 'zz'",
      points: 1,
      code: "T",
      detail: "{customer.id} {{now}} {payment.time}",
    },
    {
      id: "when",
      when: "hour(payment.time, 'Europe/Berlin') < 6 or weekday(payment.time) > 5",
      points: 1,
      code: "W",
    },
  ]);

  test("the rules give a ruling, in milliseconds", () => {
    fc.assert(
      fc.property(odd, odd, odd, odd, (amount, customer, card, time) => {
        const given = factsWith(
          {},
          {
            "payment.amount": amount,
            "customer.id": customer,
            "card.id": card,
            "payment.time": time,
          },
        );
        const ruling = evaluate(set, given, { thresholds });
        detailsOf(set, given, ruling.hits);
        expect(ruling.score).toBeGreaterThanOrEqual(0);
        expect(ruling.hash).toMatch(/^[0-9a-f]{32}$/);
      }),
      { numRuns: 150 },
    );
  });

  test("a text is seen up to 4,096 characters", () => {
    const long = `${"x".repeat(4_096)}zz`;
    expect(evaluate(set, factsWith({}, { "customer.id": long }), { thresholds }).hits).toEqual([]);
    const kept = `zz${long}`;
    expect(evaluate(set, factsWith({}, { "customer.id": kept }), { thresholds }).hits).toHaveLength(
      1,
    );
  });

  test("a detail shows what was seen, shortly", () => {
    const given = factsWith({}, { "customer.id": `zz${"a".repeat(300)}` });
    const { hits } = evaluate(set, given, { thresholds });
    expect(detailsOf(set, given, hits)).toEqual([`zz${"a".repeat(98)}… {now} –`]);
  });
});

describe("a document that is wrong", () => {
  test("names every rule, part and place", () => {
    const problems = problemsOf([
      { ...big, when: "payment.amout > 1" },
      { ...big, id: "b", points: "payment.country" },
      { ...big, id: "c", detail: "x {card.cont_10m}" },
    ]);
    expect(problems).toEqual([
      {
        rule: "big",
        part: "when",
        place: { line: 1, column: 1 },
        message: '1:1: there is no "payment.amout"; did you mean "payment.amount"?',
      },
      {
        rule: "b",
        part: "points",
        place: { line: 1, column: 1 },
        message: "1:1: expected a number, found a text",
      },
      {
        rule: "c",
        part: "detail",
        place: { line: 1, column: 1 },
        message: '1:1: there is no "card.cont_10m"; did you mean "card.count_10m"?',
      },
    ]);
  });

  test("and its shape is checked before", () => {
    expect(problemsOf([{ ...big, id: "Big!" }])[0]).toMatchObject({
      rule: "Big!",
      part: "rules.0.id",
    });
    expect(problemsOf([big, big])[0]).toMatchObject({
      part: "rules.1.id",
      message: 'two rules are called "big"',
    });
    expect(problemsOf([{ ...big, outcom: "decline" }])[0]?.message).toContain("outcom");
    expect(readRuleSet("rules", []).problems).toHaveLength(1);
  });

  test("is an error that says so, with the place", () => {
    expect(() =>
      compileRuleSet({ name: "t", rules: [{ ...big, when: "payment.amount" }] }, [], () => ({
        has: () => false,
      })),
    ).toThrow('rule "big", when: 1:1: expected a truth, found a number');
  });
});
