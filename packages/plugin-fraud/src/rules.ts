import type { Outcome, ReasonCode, Transaction } from "./contract.ts";

type Features = Readonly<Record<string, number>>;

/** A rule: when it holds it adds points and says why, with the numbers it saw. */
export interface Rule {
  readonly code: string;
  readonly points: number;
  readonly holds: (features: Features, transaction: Transaction) => boolean;
  readonly detail: (features: Features, transaction: Transaction) => string;
}

export const rulesVersion = "2026-11-1";

/** A first rule set: the patterns every shop meets. */
export const rules: readonly Rule[] = [
  {
    code: "CARD_VELOCITY",
    points: 45,
    holds: (f) => at(f, "card_count_10m") >= 4,
    detail: (f) => `${at(f, "card_count_10m")} payments with this card in ten minutes`,
  },
  {
    code: "CARD_TESTING",
    points: 60,
    holds: (f) => at(f, "card_failed_1h") >= 3 || at(f, "device_failed_1h") >= 4,
    detail: (f) =>
      `${Math.max(at(f, "card_failed_1h"), at(f, "device_failed_1h"))} refused payments in an hour`,
  },
  {
    code: "MANY_CARDS_ON_DEVICE",
    points: 40,
    holds: (f) => at(f, "device_cards_24h") >= 4 || at(f, "ip_cards_1h") >= 6,
    detail: (f) =>
      `${Math.max(at(f, "device_cards_24h"), at(f, "ip_cards_1h"))} cards from one device or address`,
  },
  {
    code: "CARD_SHARED",
    points: 35,
    holds: (f) => at(f, "card_customers_7d") >= 3,
    detail: (f) => `${at(f, "card_customers_7d")} customers with one card in seven days`,
  },
  {
    code: "IMPOSSIBLE_TRAVEL",
    points: 50,
    holds: (f) => at(f, "customer_countries_2h") >= 2,
    detail: (f) => `${at(f, "customer_countries_2h")} countries in two hours`,
  },
  {
    code: "UNUSUAL_AMOUNT",
    points: 25,
    holds: (f) => at(f, "customer_count_30d") >= 3 && at(f, "amount_to_mean") >= 5,
    detail: (f) => `${at(f, "amount_to_mean").toFixed(1)} times this customer's usual amount`,
  },
  {
    code: "COUNTRY_MISMATCH",
    points: 20,
    holds: (f) => at(f, "country_mismatch") === 1,
    detail: (_, { country, cardCountry }) => `paid from ${country} with a card of ${cardCountry}`,
  },
  {
    code: "CUSTOMER_VELOCITY",
    points: 35,
    holds: (f) => at(f, "customer_count_1h") >= 6,
    detail: (f) => `${at(f, "customer_count_1h")} payments by this customer in an hour`,
  },
];

export function evaluateRules(features: Features, transaction: Transaction): readonly ReasonCode[] {
  return rules
    .filter(({ holds }) => holds(features, transaction))
    .map(({ code, points, detail }) => ({ code, points, detail: detail(features, transaction) }));
}

/** Least score of each outcome above approve. */
export interface Thresholds {
  readonly challenge: number;
  readonly review: number;
  readonly decline: number;
}

export function outcomeOf(score: number, { challenge, review, decline }: Thresholds): Outcome {
  if (score >= decline) return "decline";
  if (score >= review) return "review";
  return score >= challenge ? "challenge" : "approve";
}

function at(features: Features, name: string): number {
  return features[name] ?? 0;
}
