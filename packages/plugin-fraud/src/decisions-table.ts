import { defineLakeTable } from "@ecap/sdk/lake";
import { decisionMade } from "./fraud-events.ts";

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export const decisionsTable = defineLakeTable({
  name: "decisions",
  description: "Fraud decisions with what they were made from",
  columns: [
    { name: "transaction_id", type: "string", nullable: false },
    { name: "order_id", type: "string" },
    { name: "customer_id", type: "string" },
    {
      name: "outcome",
      type: "string",
      nullable: false,
      description: "approve, challenge, review or decline",
    },
    { name: "score", type: "double", nullable: false },
    { name: "model_score", type: "double" },
    { name: "amount", type: "double" },
    { name: "currency", type: "string" },
    { name: "country", type: "string" },
    { name: "card_id", type: "string", description: "A token, never a card number" },
    { name: "device_id", type: "string" },
    { name: "email_key", type: "string", description: "A hash of the e-mail address" },
    { name: "phone_key", type: "string", description: "A hash of the telephone number" },
    { name: "ip", type: "string" },
    { name: "merchant_id", type: "string" },
    { name: "seller_id", type: "string" },
    { name: "reason_codes", type: "string", description: "Comma-separated, most points first" },
    { name: "features", type: "string", description: "JSON object of feature values" },
    {
      name: "facts",
      type: "string",
      description: "JSON object of what the rules saw and no other column has",
    },
    { name: "rules_version", type: "string" },
    {
      name: "rules_hash",
      type: "string",
      description: "Equal where rule set, facts and ruling are equal",
    },
    {
      name: "capped",
      type: "boolean",
      description: "A decline that went to review, as there were too many in a minute",
    },
    {
      name: "shadows",
      type: "string",
      description: "JSON array: what rule sets in shadow would have decided",
    },
    { name: "model_version", type: "string" },
    {
      name: "models",
      type: "string",
      description: "JSON array: what each model said, the one that counted first",
    },
    {
      name: "explanation",
      type: "string",
      description: "JSON object: what each feature added to the score, where that was asked for",
    },
    {
      name: "counterfactuals",
      type: "string",
      description:
        "JSON array: changes with which it would have been approved, where that was asked for",
    },
    { name: "latency_ms", type: "double" },
    { name: "features_ms", type: "double", description: "Part of latency_ms: signals, velocity" },
    { name: "models_ms", type: "double", description: "Part of latency_ms: all models asked" },
    { name: "rules_ms", type: "double", description: "Part of latency_ms: rules and reasons" },
  ],
  from: [{ topic: decisionMade.topic, types: [decisionMade.type] }],
  rows({ data, actor, context }) {
    const reasons = Array.isArray(data["reasons"])
      ? (data["reasons"] as ReadonlyArray<{ readonly code?: unknown }>)
      : [];
    const facts = Object(data["facts"]) as Readonly<Record<string, unknown>>;
    return [
      {
        transaction_id: text(data["transaction_id"]) ?? "",
        order_id: text(data["order_id"]),
        customer_id: actor.customerId ?? null,
        outcome: text(data["outcome"]) ?? "",
        score: number(data["score"]) ?? 0,
        model_score: number(data["model_score"]),
        amount: number(data["amount"]),
        currency: text(data["currency"]),
        country: context.geo?.country ?? null,
        card_id: text(facts["card.id"]),
        device_id: text(facts["device.id"]) ?? actor.deviceId ?? null,
        email_key: text(facts["email.key"]),
        phone_key: text(facts["phone.key"]),
        ip: text(facts["ip.address"]),
        merchant_id: text(facts["merchant.id"]),
        seller_id: text(facts["seller.id"]),
        reason_codes: reasons.map(({ code }) => text(code) ?? "").join(","),
        features: JSON.stringify(data["features"] ?? {}),
        facts: data["facts"] === undefined ? null : JSON.stringify(data["facts"]),
        rules_hash: text(data["rules_hash"]),
        capped: data["capped"] === true,
        shadows: data["shadows"] === undefined ? null : JSON.stringify(data["shadows"]),
        rules_version: text(data["rules_version"]),
        model_version: text(data["model_version"]),
        models: data["models"] === undefined ? null : JSON.stringify(data["models"]),
        explanation: data["explanation"] === undefined ? null : JSON.stringify(data["explanation"]),
        counterfactuals:
          data["counterfactuals"] === undefined ? null : JSON.stringify(data["counterfactuals"]),
        latency_ms: number(data["latency_ms"]),
        features_ms: number(data["features_ms"]),
        models_ms: number(data["models_ms"]),
        rules_ms: number(data["rules_ms"]),
      },
    ];
  },
});
