import { type FraudScenario, fraudScenarios } from "@ecap/sdk/simulator";
import { beforeAll, describe, expect, test } from "vitest";
import { type DecidedPayment, decideSimulated } from "../scripts/decide-simulated.ts";

const dayMs = 86_400_000;
const from = Date.UTC(2026, 5, 1);

/** What must at least be sent to review or declined, as a share of a scenario's payments: what comes first of an incident looks honest, and in a
 * shop's first month little is known of its customers. The report fraud-simulated measures a shop that is older. */
const recall: Readonly<Record<FraudScenario, number>> = {
  card_testing: 0.4,
  account_takeover: 0.4,
  stolen_card: 0.3,
  velocity_burst: 0.6,
  impossible_travel: 0.8,
  refund_abuse: 0.4,
};

/** The rule that names the pattern, where one does. */
const rule: Partial<Readonly<Record<FraudScenario, string>>> = {
  card_testing: "CARD_TESTING",
  account_takeover: "COUNTRY_MISMATCH",
  stolen_card: "COUNTRY_MISMATCH",
  velocity_burst: "CARD_VELOCITY",
  impossible_travel: "IMPOSSIBLE_TRAVEL",
  refund_abuse: "REPEATED_CLAIMS",
};

function stopped({ decision }: DecidedPayment): boolean {
  return decision.outcome === "review" || decision.outcome === "decline";
}

describe("a month of a simulated shop, of another seed than the model was trained on", () => {
  let payments: readonly DecidedPayment[];
  const of = (scenario: FraudScenario | undefined): readonly DecidedPayment[] =>
    payments.filter((payment) => payment.scenario === scenario);

  beforeAll(async () => {
    const options = {
      seed: "a month",
      from,
      to: from + 30 * dayMs,
      ordersPerDay: 120,
      fraud: Object.fromEntries(fraudScenarios.map((scenario) => [scenario, 2])),
    };
    const decided: DecidedPayment[] = [];
    for await (const payment of decideSimulated(options)) decided.push(payment);
    payments = decided;
  }, 120_000);

  test("less than one honest payment in a hundred is stopped", () => {
    const honest = of(undefined);
    expect(honest.length).toBeGreaterThan(3_000);
    expect(honest.filter(stopped).length / honest.length).toBeLessThan(0.01);
  });

  test.each(fraudScenarios)("%s is caught", (scenario) => {
    const cases = of(scenario);
    expect(cases.length).toBeGreaterThan(3);
    expect(cases.filter(stopped).length / cases.length).toBeGreaterThanOrEqual(recall[scenario]);
  });

  test.each(Object.entries(rule))("%s gives the reason %s", (scenario, code) => {
    const reasons = of(scenario as FraudScenario).flatMap(({ decision }) => decision.reasons);
    expect(reasons.map((reason) => reason.code)).toContain(code);
  });

  test("every decision asked the model, and reasons stand in order of their points", () => {
    for (const { decision } of payments) {
      expect(decision.degraded).toBeUndefined();
      expect(decision.modelScore).toBeGreaterThanOrEqual(0);
      expect(decision.modelScore).toBeLessThanOrEqual(1);
      const points = decision.reasons.map((reason) => reason.points);
      expect(points).toEqual(points.toSorted((a, b) => b - a));
    }
  });
});
