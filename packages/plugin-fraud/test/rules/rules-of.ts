import { compileRuleSet } from "../../src/rules/compile-rule-set.ts";
import { defaultPack, standardLists } from "../../src/rules/default-pack.ts";
import { factsFrom } from "../../src/rules/fields.ts";
import type { Facts } from "../../src/rules/language/index.ts";

export const thresholds = { challenge: 30, review: 50, decline: 80 };
export const decidedAt = Date.UTC(2026, 2, 3, 12);

const nobody = () => ({ has: () => false });

/** The default pack with what is on its lists. */
export function pack(listed: Readonly<Record<string, readonly string[]>> = {}) {
  return compileRuleSet(defaultPack(75), standardLists, (name) => ({
    has: (value) => listed[name]?.includes(value) === true,
  }));
}

/** A compiled rule set of one rule or more. */
export function ruleSet(rules: readonly object[], more: object = {}) {
  return compileRuleSet({ name: "test", rules, ...more }, standardLists, nobody);
}

export function factsWith(
  features: Readonly<Record<string, number>>,
  facts: Readonly<Record<string, unknown>> = {},
): Facts {
  return factsFrom({ features, facts, decidedAt });
}
