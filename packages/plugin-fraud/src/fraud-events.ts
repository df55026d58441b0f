import { defineEvent, type EventEnvelope, schemaName } from "@ecap/sdk";
import { z } from "zod";
import { type Decision, outcomes, type Transaction } from "./contract.ts";
import type { Decided } from "./decide.ts";
import {
  counterfactualSchema,
  explanationSchema,
  opinionSchema,
  reasonSchema,
  shadowSchema,
} from "./decision-schemas.ts";

/** Events from before there were rule sets name no rule. */
const eventReason = reasonSchema.partial({ rule: true });
const decisionFields = {
  transaction_id: z.string(),
  order_id: z.string().optional(),
  outcome: z.enum(outcomes),
  score: z.number().min(0).max(100),
  reasons: z.array(eventReason),
  amount: z.number(),
  currency: z.string().optional(),
};

export const decisionMade = defineEvent({
  type: "fraud.decision.made",
  version: 1,
  topic: "fraud-decisions",
  description: "A payment was decided on, with everything the decision was made from",
  schema: z.object({
    ...decisionFields,
    model_score: z.number().optional(),
    degraded: z.string().optional(),
    features: z.record(z.string(), z.number()),
    facts: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
    missing: z.array(z.string()).optional(),
    rules_version: z.string(),
    rules_hash: z.string().optional(),
    capped: z.boolean().optional(),
    shadows: z.array(shadowSchema).optional(),
    models: z.array(opinionSchema).optional(),
    explanation: explanationSchema.optional(),
    counterfactuals: z.array(counterfactualSchema).optional(),
    model_version: z.string().optional(),
    latency_ms: z.number(),
    features_ms: z.number().optional(),
    models_ms: z.number().optional(),
    rules_ms: z.number().optional(),
  }),
  subject: (data) => data.transaction_id,
});

export const alertRaised = defineEvent({
  type: "fraud.alert.raised",
  version: 1,
  topic: "fraud-alerts",
  description: "A payment was sent to review or declined",
  schema: z.object(decisionFields),
  subject: (data) => data.transaction_id,
});

export const declinesCapped = defineEvent({
  type: "fraud.rules.capped",
  version: 1,
  topic: "fraud-alerts",
  description:
    "A rule set declined more payments of a minute than it may; those beyond go to review. One event for all the minutes in a row of which that is so",
  schema: z.object({
    rules_version: z.string(),
    transaction_id: z.string().describe("The first payment beyond"),
  }),
  subject: (data) => data.rules_version,
});

/** The events a decision becomes: its record, and an alert where it stops the payment. Their ids follow from the transaction's, so a repeat is recognised. */
export function decisionEvents(
  transaction: Transaction,
  { decision, capReached }: Decided,
): readonly EventEnvelope[] {
  // The schema wants one; that it was none is among what is missing.
  const amount = Number.isFinite(transaction.amount) ? transaction.amount : 0;
  const { orderId, currency } = transaction;
  // What is undefined is left out where the event becomes JSON.
  const record = {
    transaction_id: decision.transactionId,
    order_id: orderId,
    outcome: decision.outcome,
    score: decision.score,
    reasons: decision.reasons,
    amount,
    currency,
    model_score: decision.modelScore,
    degraded: decision.degraded,
    features: decision.features,
    facts: decision.facts,
    missing: decision.missing,
    rules_hash: decision.hash,
    capped: decision.capped,
    shadows: decision.shadows,
    models: decision.models,
    explanation: decision.explanation,
    counterfactuals: decision.counterfactuals,
    rules_version: decision.versions.rules,
    model_version: decision.versions.model,
    latency_ms: decision.latencyMs,
    features_ms: decision.stages.featuresMs,
    models_ms: decision.stages.modelsMs,
    rules_ms: decision.stages.rulesMs,
  };
  const frame = {
    source: "ecap/fraud",
    tenant: decision.tenant,
    time: transaction.time ?? decision.decidedAt,
    receivedAt: decision.decidedAt,
    subject: decision.transactionId,
    actor: {
      ...(transaction.customerId !== undefined && { customerId: transaction.customerId }),
      ...(transaction.deviceId !== undefined && { deviceId: transaction.deviceId }),
    },
    context: transaction.country === undefined ? {} : { geo: { country: transaction.country } },
  };
  const made: EventEnvelope = {
    id: decision.id,
    type: decisionMade.type,
    dataschema: schemaName(decisionMade),
    data: record,
    ...frame,
  };
  if (decision.outcome !== "review" && decision.outcome !== "decline") return [made];
  const { transaction_id, outcome, score, reasons } = record;
  const alert: EventEnvelope = {
    id: `fraud-alert/${decision.transactionId}`,
    type: alertRaised.type,
    dataschema: schemaName(alertRaised),
    data: { transaction_id, order_id: orderId, outcome, score, reasons, amount, currency },
    ...frame,
  };
  return capReached ? [made, alert, cappedEvent(frame, decision)] : [made, alert];
}

function cappedEvent(
  frame: Omit<EventEnvelope, "id" | "type" | "dataschema" | "data">,
  { transactionId, versions }: Decision,
): EventEnvelope {
  return {
    ...frame,
    actor: {},
    context: {},
    id: `fraud-rules-capped/${transactionId}`,
    type: declinesCapped.type,
    dataschema: schemaName(declinesCapped),
    subject: versions.rules,
    data: { rules_version: versions.rules, transaction_id: transactionId },
  };
}
