import { describe, expect, it } from "vitest";
import { suggestionsOf } from "../../src/cases/suggestions.ts";

const payment = (
  verdict: "fraud" | "legitimate" | "unsure" | null,
  { customer = null as string | null, card = "", rules = ["velocity"] },
) => ({
  verdict,
  customer_id: customer,
  evidence: JSON.stringify({
    reasons: rules.map((rule) => ({ rule, points: 40 })),
    facts: card === "" ? {} : { "card.id": card },
  }),
});

describe("what the labels of a case suggest", () => {
  it("is to spare an honest customer the rules that were wrong", () => {
    const one = payment("legitimate", { customer: "c-1", card: "t-1", rules: ["a", "b"] });
    expect(suggestionsOf([one, one])).toMatchObject([
      { id: "allow/c-1", kind: "list", list: "allow", payments: 2 },
      { id: "snooze/a/customer/c-1", kind: "snooze", rule: "a", payments: 2 },
      { id: "snooze/b/customer/c-1", kind: "snooze", rule: "b", payments: 2 },
    ]);
    expect(suggestionsOf([payment("legitimate", { card: "t-1" })])).toMatchObject([
      { id: "allow/t-1", entity: "card" },
      { rule: "velocity", entity: "card" },
    ]);
  });

  it("is to deny a stolen card, and never the customer it was stolen from", () => {
    const found = suggestionsOf([payment("fraud", { customer: "c-1", card: "t-1" })]);
    expect(found).toMatchObject([{ id: "deny/t-1", list: "deny", entity: "card" }]);
  });

  it("is nothing about who did both", () => {
    expect(
      suggestionsOf([
        payment("fraud", { customer: "c-1", card: "t-1" }),
        payment("legitimate", { customer: "c-1", card: "t-1" }),
      ]),
    ).toEqual([]);
  });

  it("is nothing without a label, and never more than can be looked through", () => {
    expect(suggestionsOf([payment(null, { card: "t" }), payment("unsure", { card: "t" })])).toEqual(
      [],
    );
    const many = Array.from({ length: 300 }, (_, i) => payment("fraud", { card: `t-${i}` }));
    expect(suggestionsOf(many)).toHaveLength(20);
  });
});
