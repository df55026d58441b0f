import type { EventEnvelope } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alertOf } from "../../src/cases/alert.ts";

const outcomes = ["review", "decline"];

function decision(data: object, more: Partial<EventEnvelope> = {}): EventEnvelope {
  return {
    id: "fraud-decision/p-1",
    type: "fraud.decision.made",
    source: "ecap/fraud",
    tenant: "default",
    time: 1_000,
    receivedAt: 2_000,
    actor: {},
    context: {},
    data: { transaction_id: "p-1", outcome: "review", score: 60, amount: 200, ...data },
    ...more,
  };
}

describe("the alert a decision is", () => {
  it("expects to lose the amount as far as the payment is probably fraud", () => {
    expect(alertOf(decision({ model_score: 0.25 }), outcomes)).toMatchObject({
      probability: 0.25,
      expectedLoss: 50,
    });
    expect(alertOf(decision({}), outcomes)).toMatchObject({ probability: 0.6, expectedLoss: 120 });
    // A deny list knows what the model has never heard of.
    const denied = { model_score: 0.01, outcome: "decline", reasons: [{ outcome: "decline" }] };
    expect(alertOf(decision(denied), outcomes)).toMatchObject({ probability: 0.8 });
    expect(alertOf(decision({ amount: -10 }), outcomes)).toMatchObject({ expectedLoss: 0 });
  });

  it("is none where nobody is to look", () => {
    expect(alertOf(decision({ outcome: "approve" }), outcomes)).toBeUndefined();
    expect(alertOf(decision({ outcome: "challenge" }), outcomes)).toBeUndefined();
    expect(alertOf(decision({ outcome: "challenge" }), ["challenge"])).toBeDefined();
    expect(alertOf(decision({ transaction_id: 7 }), outcomes)).toBeUndefined();
  });

  it("knows the payment by its customer, card, device and address", () => {
    const facts = { "card.id": "t-1", "ip.address": "10.0.0.1", "payment.failed": true };
    const actor = { customerId: "c-1", deviceId: "d-1" };
    expect(alertOf(decision({ facts }, { actor }), outcomes)?.entities).toEqual([
      { kind: "customer", value: "c-1" },
      { kind: "card", value: "t-1" },
      { kind: "device", value: "d-1" },
      { kind: "ip", value: "10.0.0.1" },
    ]);
  });

  it("is something a database takes, whatever the decision holds", () => {
    const long = fc.constantFrom("x".repeat(1_000_000), "\0".repeat(300), "<script>", "\uD800");
    const anything = fc.oneof(fc.anything(), long, fc.double(), fc.constantFrom(null, undefined));
    const data = fc.record(
      {
        transaction_id: fc.oneof(fc.string({ unit: "binary", minLength: 1 }), long),
        outcome: fc.constant("review"),
        score: anything,
        model_score: anything,
        amount: anything,
        reasons: anything,
        features: anything,
        facts: fc.oneof(anything, fc.dictionary(fc.constantFrom("card.id", "device.id"), anything)),
        order_id: anything,
        currency: anything,
      },
      { requiredKeys: ["transaction_id", "outcome"] },
    );
    fc.assert(
      fc.property(data, fc.oneof(fc.string(), long), (given, customerId) => {
        // Events come from JSON.
        const parsed = JSON.parse(JSON.stringify(given, plain)) as object;
        const alert = alertOf(decision(parsed, { actor: { customerId } }), outcomes);
        if (alert === undefined) return;
        expect(alert.probability).toBeGreaterThanOrEqual(0);
        expect(alert.probability).toBeLessThanOrEqual(1);
        expect(alert.expectedLoss).toBeGreaterThanOrEqual(0);
        for (const text of [alert.transactionId, alert.orderId, alert.customerId, alert.currency]) {
          expect(text?.length ?? 0).toBeLessThanOrEqual(256);
          expect(text ?? "").not.toContain("\0");
        }
        for (const { value } of alert.entities) expect(value.length).toBeLessThanOrEqual(256);
        expect(alert.evidence.length).toBeLessThan(70_000);
        expect(alert.evidence).not.toContain("\0");
        JSON.parse(alert.evidence);
      }),
      { numRuns: 60 },
    );
  });
});

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" || typeof value === "symbol" ? String(value) : value;
}
