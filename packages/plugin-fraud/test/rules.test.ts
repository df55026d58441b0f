import { describe, expect, test } from "vitest";
import { featureNames } from "../src/fraud-features.ts";
import { evaluateRules, outcomeOf, rules } from "../src/rules.ts";

/** The least that makes each rule hold, and what falls just short of it. */
const cases: ReadonlyArray<
  readonly [code: string, holds: Record<string, number>, short: Record<string, number>]
> = [
  ["CARD_VELOCITY", { card_count_10m: 4 }, { card_count_10m: 3 }],
  ["CARD_TESTING", { card_failed_1h: 3 }, { card_failed_1h: 2 }],
  ["CARD_TESTING", { device_failed_1h: 4 }, { device_failed_1h: 3 }],
  ["MANY_CARDS_ON_DEVICE", { device_cards_24h: 4 }, { device_cards_24h: 3 }],
  ["MANY_CARDS_ON_DEVICE", { ip_cards_1h: 6 }, { ip_cards_1h: 5 }],
  ["CARD_SHARED", { card_customers_7d: 3 }, { card_customers_7d: 2 }],
  ["IMPOSSIBLE_TRAVEL", { customer_countries_2h: 2 }, { customer_countries_2h: 1 }],
  [
    "UNUSUAL_AMOUNT",
    { customer_count_30d: 3, amount_to_mean: 5 },
    { customer_count_30d: 2, amount_to_mean: 5 },
  ],
  ["COUNTRY_MISMATCH", { country_mismatch: 1 }, { country_mismatch: 0 }],
  ["CUSTOMER_VELOCITY", { customer_count_1h: 6 }, { customer_count_1h: 5 }],
];
const transaction = { id: "t", amount: 10, country: "DE", cardCountry: "US" };

function codes(features: Record<string, number>): string[] {
  return evaluateRules(features, transaction).map((reason) => reason.code);
}

describe("rules", () => {
  test.each(cases)("%s holds from %j on and not at %j", (code, holds, short) => {
    expect(codes(holds)).toEqual([code]);
    expect(codes(short)).toEqual([]);
  });

  test("every rule has a case here and reads features that exist", () => {
    expect(new Set(cases.map(([code]) => code))).toEqual(new Set(rules.map(({ code }) => code)));
    for (const [, holds] of cases)
      for (const name of Object.keys(holds)) expect(featureNames).toContain(name);
  });

  test("a score at a threshold has its outcome", () => {
    const thresholds = { challenge: 30, review: 50, decline: 80 };
    const outcomes = [0, 29, 30, 49, 50, 79, 80, 100].map((score) => outcomeOf(score, thresholds));
    expect(outcomes).toEqual([
      "approve",
      "approve",
      "challenge",
      "challenge",
      "review",
      "review",
      "decline",
      "decline",
    ]);
  });
});
