import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { handbookFeatureNames, handbookFeatures } from "../../src/features/handbook/index.ts";
import { compileRuleSet, evaluate, fieldSet, paymentFields, readRuleSet } from "../../src/index.ts";
import { thresholds } from "./rules-of.ts";

interface Swipe {
  readonly time: number;
  readonly terminalId: string | undefined;
  readonly features: Readonly<Record<string, number>>;
  readonly decidedAt: number;
}

const swipes = fieldSet<Swipe>(
  { name: "swipe.time", type: "time", read: ({ time }) => time },
  [{ name: "terminal.id", type: "text", read: ({ terminalId }) => terminalId }],
  handbookFeatures.features,
);
const rules = [
  { id: "bad-terminal", when: "terminal.fraud_7d >= 0.5", points: 60, code: "BAD_TERMINAL" },
  {
    id: "much",
    when: "amount > 3 * customer.mean_30d and hour(swipe.time) < 6",
    points: 25,
    code: "MUCH",
  },
  {
    id: "here",
    when: "terminal.id == 't1' and not (during_weekend == 1)",
    points: 30,
    code: "HERE",
  },
];
const set = compileRuleSet({ name: "swipes", rules }, [], () => ({ has: () => false }), swipes);

const number = fc.oneof(
  fc.double({ min: 0, max: 500, noNaN: true }),
  fc.constantFrom(0, 0.5, 1, Number.NaN, Infinity),
);
const swipe = fc.record({
  time: fc.integer({ min: 0, max: 4e12 }),
  terminalId: fc.constantFrom("t1", "t2", undefined),
  decidedAt: fc.integer({ min: 0, max: 4e12 }),
  features: fc
    .tuple(...handbookFeatureNames.map((name) => fc.tuple(fc.constant(name), number)))
    .map((entries) => Object.fromEntries(entries)),
});

describe("rules over a feature set that is not the plugin's", () => {
  test("hold of what they say, from the subject and from its record alike", () => {
    fc.assert(
      fc.property(swipe, (given) => {
        const { time, terminalId, features, decidedAt } = given;
        const known = (name: string): number => {
          const value = features[name] ?? Number.NaN;
          return Number.isFinite(value) ? value : Number.NaN;
        };
        const expected = [
          known("terminal_fraud_7d") >= 0.5 && "bad-terminal",
          known("amount") > 3 * known("customer_mean_30d") &&
            new Date(time).getUTCHours() < 6 &&
            "much",
          terminalId === "t1" &&
            !Number.isNaN(known("during_weekend")) &&
            known("during_weekend") !== 1 &&
            "here",
        ].filter((rule) => rule !== false);
        const facts = swipes.factsOf(given);
        const ruling = evaluate(set, facts, { thresholds });
        expect(new Set(ruling.hits.map(({ rule }) => rule))).toEqual(new Set(expected));
        const recorded = { "swipe.time": time, "terminal.id": terminalId };
        expect(swipes.factsFrom({ facts: recorded, features, decidedAt })).toEqual(facts);
      }),
    );
  });

  test("name its fields and no others, each set its own", () => {
    const problem = (when: string, fields?: typeof swipes) =>
      readRuleSet({ name: "t", rules: [{ id: "r", when, code: "R" }] }, [], fields).problems[0]
        ?.message;
    expect(problem("terminal.frauds_7d > 0", swipes)).toBe(
      '1:1: there is no "terminal.frauds_7d"; did you mean "terminal.fraud_7d"?',
    );
    expect(problem("card.count_10m > 0", swipes)).toContain('there is no "card.count_10m"');
    expect(problem("card.count_10m > 0")).toBeUndefined();
    expect(problem("terminal.fraud_7d > 0")).toContain('there is no "terminal.fraud_7d"');
  });

  test("know the time of the event first, and every feature once", () => {
    expect(swipes.fields.map(({ name }) => name)).toEqual([
      "swipe.time",
      "terminal.id",
      ...handbookFeatureNames.map((name) => name.replace(/^(customer|terminal)_/, "$1.")),
    ]);
    expect(paymentFields.fields[0]?.name).toBe("payment.time");
  });
});
