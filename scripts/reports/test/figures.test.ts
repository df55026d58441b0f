import type { FraudScenario } from "@ecap/sdk/simulator";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  bestSingleRule,
  byScenario,
  isPlain,
  type JudgedPayment,
  leastPrecision,
  operatingPoint,
  pointAt,
} from "../fraud-simulated/figures.ts";

function payment(
  score: number,
  scenario?: FraudScenario,
  features: JudgedPayment["features"] = {},
  codes: readonly string[] = [],
): JudgedPayment {
  return { score, scenario, features, codes };
}

test("the operating point has the most recall at the precision, and takes all that score the same", () => {
  const payments = [
    payment(90, "stolen_card"),
    payment(70),
    payment(60, "stolen_card"),
    payment(40, "card_testing"),
    payment(40),
    payment(40),
    payment(10, "stolen_card"),
    payment(10),
    payment(10),
    payment(10),
  ];
  expect(operatingPoint(payments)).toEqual({ score: 40, alerts: 6, precision: 0.5, recall: 0.75 });
  expect(operatingPoint([payment(50), payment(50), payment(50, "stolen_card")])).toBeUndefined();
});

const judged = fc.array(
  fc.record({
    score: fc.integer({ min: 0, max: 5 }),
    scenario: fc.constantFrom(undefined, undefined, "stolen_card" as const),
    codes: fc.constant([]),
    features: fc.record({
      a: fc.integer({ min: -2, max: 2 }),
      b: fc.constantFrom(0, 1, Number.NaN),
    }),
  }),
  { minLength: 1, maxLength: 40 },
);

test("no threshold does better than the one that is found", () => {
  fc.assert(
    fc.property(judged, (payments) => {
      const frauds = payments.filter(({ scenario }) => scenario !== undefined).length;
      const points = [0, 1, 2, 3, 4, 5].map((score) => pointAt(score, payments));
      const good = points.filter(
        ({ precision, recall }) => precision >= leastPrecision && recall > 0,
      );
      const best = Math.max(0, ...good.map(({ recall }) => recall));
      expect(operatingPoint(payments)?.recall ?? 0).toBe(best);

      const rules = (["a", "b"] as const).flatMap((name) =>
        [-2, -1, 0, 1, 2].flatMap((value) =>
          [1, -1].map((sign) => {
            const held = payments.filter(({ features }) => sign * features[name] >= sign * value);
            const found = held.filter(({ scenario }) => scenario !== undefined).length;
            return found / held.length >= leastPrecision ? found / frauds : 0;
          }),
        ),
      );
      expect(bestSingleRule(payments)?.recall ?? 0).toBe(frauds === 0 ? 0 : Math.max(...rules));
    }),
  );
});

test("an alert is counted where its heaviest rule speaks of the scenario, and the model's alone apart", () => {
  const figures = byScenario(
    [
      payment(80, "card_testing", {}, ["MODEL_SCORE", "CARD_TESTING", "COUNTRY_MISMATCH"]),
      payment(60, undefined, {}, ["CARD_TESTING"]),
      payment(60, "stolen_card", {}, ["MODEL_SCORE"]),
      payment(20, "card_testing", {}, ["CARD_TESTING"]),
    ],
    50,
  );
  const of = (scenario: string) => figures.find((each) => each.scenario === scenario);
  expect(of("card_testing")).toMatchObject({
    payments: 2,
    found: 1,
    recall: 0.5,
    alerts: 2,
    precision: 0.5,
  });
  expect(of("stolen_card")).toMatchObject({ payments: 1, recall: 1, alerts: 0 });
  expect(of("the model alone")).toMatchObject({ payments: 0, alerts: 1, precision: 1 });
});

test("a payment is plain while nothing about it is unusual", () => {
  expect(isPlain({ features: { amount: 9_000, card_count_24h: 1 } })).toBe(true);
  expect(isPlain({ features: { card_count_24h: 2 } })).toBe(false);
  expect(isPlain({ features: { country_mismatch: 1 } })).toBe(false);
});
