import { describe, expect, test } from "vitest";
import { featureNames } from "../../src/fraud-features.ts";
import { detailsOf, evaluate, outcomeOf } from "../../src/rules/evaluate.ts";
import { factsWith, pack, thresholds } from "./rules-of.ts";

/** The least that makes each rule hold, and what falls just short of it. */
const cases: ReadonlyArray<
  readonly [code: string, holds: Record<string, number>, short: Record<string, number>]
> = [
  ["CARD_VELOCITY", { card_count_10m: 6 }, { card_count_10m: 5 }],
  [
    "CARD_VELOCITY",
    { card_count_24h: 4, card_devices_24h: 2 },
    { card_count_24h: 4, card_devices_24h: 1 },
  ],
  ["CARD_TESTING", { card_failed_1h: 3 }, { card_failed_1h: 2 }],
  ["CARD_TESTING", { device_failed_1h: 3 }, { device_failed_1h: 2 }],
  [
    "CARD_TESTING",
    { device_failed_1h: 2, device_cards_24h: 3 },
    { device_failed_1h: 2, device_cards_24h: 2 },
  ],
  ["MANY_CARDS_ON_DEVICE", { device_cards_24h: 4 }, { device_cards_24h: 3 }],
  ["MANY_CARDS_ON_DEVICE", { ip_cards_1h: 6 }, { ip_cards_1h: 5 }],
  ["CARD_SHARED", { card_customers_7d: 3 }, { card_customers_7d: 2 }],
  ["IMPOSSIBLE_TRAVEL", { customer_countries_2h: 2 }, { customer_countries_2h: 1 }],
  [
    "ACCOUNT_TAKEOVER",
    { new_device: 1, new_country: 1, amount_to_mean: 2 },
    { new_device: 1, new_country: 1, amount_to_mean: 1.9 },
  ],
  [
    "REPEATED_CLAIMS",
    { customer_claims_90d: 2, customer_paid_90d: 4 },
    { customer_claims_90d: 2, customer_paid_90d: 5 },
  ],
  ["FAST_TRAVEL", { travel_kmh: 1_000 }, { travel_kmh: 999 }],
  [
    "HIDDEN_PAYER",
    { ip_anonymous: 1, email_disposable: 1 },
    { ip_anonymous: 1, email_disposable: 0 },
  ],
  [
    "GUESSED_CARDS",
    { bin_cards_10m: 10, bin_failed_1h: 5 },
    { bin_cards_10m: 10, bin_failed_1h: 4 },
  ],
  [
    "UNUSUAL_AMOUNT",
    { customer_count_30d: 3, amount_to_mean: 5 },
    { customer_count_30d: 2, amount_to_mean: 5 },
  ],
  ["COUNTRY_MISMATCH", { country_mismatch: 1 }, { country_mismatch: 0 }],
  ["CUSTOMER_VELOCITY", { customer_count_1h: 6 }, { customer_count_1h: 5 }],
];
/** Rules that read no feature: they have tests of their own below. */
const otherCodes = ["DENY_LIST", "ALLOW_LIST", "MODEL_SCORE"];
const facts = {
  "payment.country": "DE",
  "card.country": "US",
  "customer.id": "ann",
  "card.id": "k",
};

function codes(features: Record<string, number>): string[] {
  return evaluate(pack(), factsWith(features, facts), { thresholds }).hits.map(({ code }) => code);
}

describe("the default pack", () => {
  test.each(cases)("%s holds from %j on and not at %j", (code, holds, short) => {
    expect(codes(holds)).toEqual([code]);
    expect(codes(short)).toEqual([]);
  });

  test("every rule has a case here and reads features that exist", () => {
    const covered = new Set([...cases.map(([code]) => code), ...otherCodes]);
    expect(covered).toEqual(new Set(pack().rules.map(({ code }) => code)));
    for (const [, holds] of cases)
      for (const name of Object.keys(holds)) expect(featureNames).toContain(name);
  });

  test.each([
    [
      { card_count_10m: 6, card_count_24h: 7, card_devices_24h: 2 },
      {},
      "6 payments with this card in ten minutes, 7 in a day from 2 devices",
    ],
    [
      { new_device: 1, new_country: 1, amount_to_mean: 2.5 },
      {},
      "a new device in DE, and 2.5 times this customer's usual amount",
    ],
    [
      { customer_claims_90d: 3, customer_paid_90d: 3 },
      {},
      "3 parcels that never came, by this customer in 90 days",
    ],
    [
      { travel_km: 15_587.2, travel_kmh: 7_793.6 },
      {},
      "15587 km from the last payment at 7794 km/h",
    ],
    [{ card_failed_1h: 3, device_failed_1h: 5 }, {}, "5 refused payments in an hour"],
    [{ customer_count_30d: 3, amount_to_mean: 5.26 }, {}, "5.3 times this customer's usual amount"],
    [{ country_mismatch: 1 }, {}, "paid from DE with a card of US"],
    [{}, { "model.score": 0.904 }, "the model gives fraud a probability of 90 %"],
  ])("%j %j is told as: %s", (features: Record<string, number>, more, detail) => {
    const seen = factsWith(features, { ...facts, ...more });
    const { hits } = evaluate(pack(), seen, { thresholds });
    expect(detailsOf(pack(), seen, hits)).toEqual([detail]);
  });

  test("the model adds its points by the logarithm of its probability", () => {
    const points = [0, 0.009, 0.01, 0.05, 0.125, 0.5, 1].map(
      (score) => evaluate(pack(), factsWith({}, { "model.score": score }), { thresholds }).score,
    );
    expect(points).toEqual([0, 0, 20, 39, 50, 67, 75]);
  });

  test("deny stands over allow, and allow over whatever the score says", () => {
    const bad = { card_failed_1h: 3, card_count_10m: 6 };
    const outcome = (lists: Record<string, string[]>): string =>
      evaluate(pack(lists), factsWith(bad, facts), { thresholds }).outcome;
    expect(outcome({})).toBe("decline");
    expect(outcome({ allow: ["ann"] })).toBe("approve");
    expect(outcome({ allow: ["ann"], deny: ["k"] })).toBe("decline");
    expect(outcome({ allow: ["bob"] })).toBe("decline");
  });

  test("a score at a threshold has its outcome", () => {
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
