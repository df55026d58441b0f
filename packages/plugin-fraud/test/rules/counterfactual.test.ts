import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Counterfactual } from "../../src/contract.ts";
import { paymentCounterfactuals } from "../../src/decision-counterfactuals.ts";
import { defaultOptions } from "../../src/options.ts";
import { evaluate } from "../../src/rules/evaluate.ts";
import { fields, slotOf } from "../../src/rules/fields.ts";
import type { Facts } from "../../src/rules/language/index.ts";
import { factsWith, pack, ruleSet, thresholds } from "./rules-of.ts";

const nobody = { has: () => false };
const ask = (set: ReturnType<typeof ruleSet>, facts: Facts) =>
  paymentCounterfactuals({ ruleSet: set, facts, snoozes: nobody, thresholds, scorer: undefined });

/** What the rules say of the facts with the changes, found without the code that looks for them. */
function withChanges(set: ReturnType<typeof ruleSet>, facts: Facts, { changes }: Counterfactual) {
  const changed = [...facts];
  const without: string[] = [];
  for (const change of changes)
    if ("rule" in change) without.push(change.rule);
    else {
      expect(facts[slotOf(change.field)]).toBe(change.from);
      changed[slotOf(change.field)] = change.to;
      if (change.field === "payment.amount") changed[slotOf("amount")] = change.to;
    }
  return evaluate(set, changed, { thresholds, silenced: (rule) => without.includes(rule) });
}

const compared = ["card.count_10m", "customer.count_30d", "amount_to_mean", "country_mismatch"];
const number = fc.constantFrom(0, 1, 2, 3, 5, 8, 0.5, 2.5, 120);
const condition = fc.oneof(
  fc
    .tuple(fc.constantFrom(...compared), fc.constantFrom("<", "<=", ">", ">=", "=="), number)
    .map((parts) => parts.join(" ")),
  fc
    .tuple(fc.constantFrom(...compared), fc.constantFrom(...compared), number)
    .map(([a, b, n]) => `${a} > ${n} * ${b} + 1`),
  number.map((n) => `payment.amount >= ${n * 10} and not (customer.count_30d > ${n})`),
  fc.constantFrom('payment.country == "US"', "known(device.id)", "hour(payment.time) >= 0"),
);
const rules = fc
  .array(
    fc.record({
      when: condition,
      points: fc.constantFrom(0, 20, 35, 60, -20),
      outcome: fc.constantFrom(undefined, "approve", "review", "decline"),
      priority: fc.constantFrom(0, 0, 0, 5),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((given) =>
    given.map(({ outcome, ...rule }, i) => ({
      id: `r${i}`,
      code: "R",
      ...rule,
      ...(outcome && { outcome }),
    })),
  );
const facts = fc
  .record({
    amount: fc.integer({ min: 0, max: 2_000 }),
    country: fc.constantFrom("US", "DE", undefined),
    device: fc.constantFrom("d", undefined),
    features: fc.tuple(...compared.map(() => fc.constantFrom(0, 1, 2, 4, 9, 0.7, undefined))),
  })
  .map(({ amount, country, device, features }) =>
    factsWith(
      {
        amount,
        ...Object.fromEntries(
          compared.flatMap((name, i) => {
            const value = features[i];
            return value === undefined ? [] : [[name.replace(".", "_"), value]];
          }),
        ),
      },
      {
        "payment.amount": amount,
        "payment.time": 0,
        "payment.country": country,
        "device.id": device,
      },
    ),
  );

describe("counterfactuals", () => {
  test("give approve, every one of them, and change only numbers that are known", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(rules, facts, async (given, seen) => {
        const set = ruleSet(given);
        const base = evaluate(set, seen, { thresholds });
        const all = await ask(set, seen);
        if (base.outcome === "approve") expect(all).toEqual([]);
        for (const each of all) {
          const ruling = withChanges(set, seen, each);
          expect(ruling).toMatchObject({ outcome: "approve", score: each.score });
          expect(each.changes.length).toBeGreaterThan(0);
          for (const change of each.changes)
            if ("field" in change) {
              expect(fields.find(({ name }) => name === change.field)?.type).toBe("number");
              expect(change.to).not.toBe(change.from);
              expect(Number.isFinite(change.to)).toBe(true);
            }
          found += 1;
        }
        const changed = all.map(({ changes }) =>
          changes.map((each) => ("rule" in each ? each.rule : each.field)),
        );
        for (const [i, names] of changed.entries())
          for (const others of changed.slice(i + 1))
            expect(names.every((name) => others.includes(name))).toBe(false);
        // Rules that hold can always be told as ones that would not have.
        if (base.outcome !== "approve") expect(all.length).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
    expect(found).toBeGreaterThan(30);
  });

  test("bring a number to the nearest value beside what it is compared with", async () => {
    const velocity = { id: "v", when: "card.count_10m >= 4", points: 60, code: "V" };
    const seen = factsWith({ card_count_10m: 9 }, { "card.id": "c" });
    expect(await ask(ruleSet([velocity]), seen)).toEqual([
      { changes: [{ field: "card.count_10m", from: 9, to: 3 }], score: 0 },
    ]);
    const young = { id: "y", when: "customer.count_30d < 2", points: 60, code: "Y" };
    expect(await ask(ruleSet([young]), factsWith({ customer_count_30d: 0 }))).toEqual([
      { changes: [{ field: "customer.count_30d", from: 0, to: 2 }], score: 0 },
    ]);
    const foreign = { id: "f", when: "country_mismatch == 1", points: 60, code: "F" };
    expect(await ask(ruleSet([foreign]), factsWith({ country_mismatch: 1 }))).toEqual([
      { changes: [{ field: "country_mismatch", from: 1, to: 0 }], score: 0 },
    ]);
  });

  test("find where a calculation changes, near enough", async () => {
    const rule = {
      id: "r",
      when: "payment.amount > 3 * customer.amount_30d / customer.count_30d",
      points: 60,
      code: "R",
    };
    const seen = factsWith(
      { amount: 700, customer_amount_30d: 410, customer_count_30d: 10 },
      { "payment.amount": 700 },
    );
    const all = await ask(ruleSet([rule]), seen);
    const amount = all.flatMap(({ changes }) =>
      changes.flatMap((change) =>
        "to" in change && change.field === "payment.amount" ? change.to : [],
      ),
    );
    expect(amount).toEqual([123]);
  });

  test("take two numbers where one is not enough, and never more than are needed", async () => {
    const set = ruleSet([
      { id: "a", when: "card.count_10m >= 4", outcome: "decline", code: "A" },
      { id: "b", when: "payment.amount > 500", outcome: "review", code: "B" },
      { id: "c", when: "customer.count_30d > 3", points: 5, code: "C" },
    ]);
    const seen = factsWith(
      { card_count_10m: 5, amount: 900, customer_count_30d: 8 },
      { "payment.amount": 900 },
    );
    const [first] = await ask(set, seen);
    expect(first).toEqual({
      changes: expect.arrayContaining([
        { field: "card.count_10m", from: 5, to: 3 },
        { field: "payment.amount", from: 900, to: 500 },
      ]) as unknown,
      score: 5,
    });
    expect(first?.changes).toHaveLength(2);
  });

  test("take as many as are needed", async () => {
    const names = ["card.count_10m", "card.failed_1h", "device.cards_24h", "ip.cards_1h"];
    const set = ruleSet(
      names.map((name, i) => ({ id: `r${i}`, when: `${name} > 2`, outcome: "decline", code: "R" })),
    );
    const seen = factsWith(Object.fromEntries(names.map((name) => [name.replace(".", "_"), 5])));
    const [first] = await ask(set, seen);
    expect(new Set(first?.changes)).toEqual(
      new Set(names.map((field) => ({ field, from: 5, to: 2 }))),
    );
  });

  test("name the rule where who pays, or from where, is all it looks at", async () => {
    const denied = pack({ deny: ["card-7"] });
    const seen = factsWith({ card_count_10m: 1 }, { "card.id": "card-7" });
    expect(await ask(denied, seen)).toEqual([{ changes: [{ rule: "denied" }], score: 0 }]);
  });

  test("do not change numbers beside a rule that is enough", async () => {
    const set = ruleSet([
      { id: "there", when: 'payment.country == "US"', outcome: "decline", code: "T" },
      { id: "much", when: "payment.amount > 100", points: 20, code: "M" },
    ]);
    const seen = factsWith({ amount: 300 }, { "payment.amount": 300, "payment.country": "US" });
    expect(await ask(set, seen)).toEqual([{ changes: [{ rule: "there" }], score: 20 }]);
  });

  test("of a model that is gone take its score as another number", async () => {
    const [first] = await ask(pack(), factsWith({}, { "model.score": 0.9 }));
    const [change] = first?.changes ?? [];
    expect(change).toMatchObject({ field: "model.score", from: 0.9 });
    // 29 points and no more: round(75 + 12 * log(model.score)) is below 30.
    const most = Math.exp((29.5 - defaultOptions.modelPoints) / 12);
    expect(change !== undefined && "to" in change && change.to).toBeCloseTo(most, 3);
  });
});
