import type { EventEnvelope } from "@ecap/sdk";
import { type EntityKind, entityKinds } from "./case-options.ts";

export interface Entity {
  readonly kind: EntityKind;
  readonly value: string;
}

/** A decision that a person is to look at. */
export interface Alert {
  readonly tenant: string;
  readonly transactionId: string;
  readonly decisionId: string;
  /** Of the payment, epoch milliseconds. */
  readonly time: number;
  readonly decidedAt: number;
  readonly outcome: string;
  readonly score: number;
  /** Of fraud, by the model, or the score as a share where no model answered; at least as much as the outcome says where a rule asked for it by itself. */
  readonly probability: number;
  readonly amount: number;
  /** Amount × probability. */
  readonly expectedLoss: number;
  readonly currency: string | null;
  readonly orderId: string | null;
  readonly customerId: string | null;
  readonly country: string | null;
  readonly entities: readonly Entity[];
  /** JSON: reasons, features, facts, model score, versions. */
  readonly evidence: string;
}

/** Ids are texts up to here; a payment with a longer one is known by its beginning, and a longer entity links nothing. */
const idLimit = 256;
/** Evidence past this is left out, and says so. */
const evidenceLimit = 65_536;

/** The alert a decision is; undefined where its outcome is none to alert on. */
export function alertOf(event: EventEnvelope, outcomes: readonly string[]): Alert | undefined {
  const { data, tenant, actor, context } = event;
  const outcome = text(data["outcome"]);
  const transactionId = text(data["transaction_id"]);
  if (outcome === null || transactionId === null || !outcomes.includes(outcome)) return undefined;
  const facts = objectOf(data["facts"]);
  const ids: Readonly<Record<EntityKind, unknown>> = {
    customer: actor.customerId,
    card: facts["card.id"],
    device: facts["device.id"] ?? actor.deviceId,
    email: facts["email.key"],
    phone: facts["phone.key"],
    ip: facts["ip.address"],
  };
  const score = finite(data["score"]);
  const probability = Math.max(
    share(data["model_score"]) ?? Math.min(1, Math.max(0, score / 100)),
    leastOf(outcome, data["reasons"]),
  );
  const amount = finite(data["amount"]);
  return {
    tenant,
    transactionId,
    decisionId: clean(event.id),
    time: event.time,
    decidedAt: event.receivedAt,
    outcome,
    score,
    probability,
    amount,
    expectedLoss: Math.max(0, amount) * probability,
    currency: text(data["currency"]),
    orderId: text(data["order_id"]),
    customerId: text(actor.customerId),
    country: text(context.geo?.country),
    entities: entityKinds.flatMap((kind) => {
      const value = ids[kind];
      return typeof value === "string" && value !== "" && value.length <= idLimit
        ? [{ kind, value: clean(value) }]
        : [];
    }),
    evidence: evidenceOf(data),
  };
}

/** A deny list knows more than the model, which has never heard of it: by the default thresholds. */
function leastOf(outcome: string, reasons: unknown): number {
  const asked = (Array.isArray(reasons) ? reasons : []).some(
    (reason: unknown) => objectOf(reason)["outcome"] === outcome,
  );
  return asked ? (leastProbability[outcome] ?? 0) : 0;
}

const leastProbability: Readonly<Record<string, number>> = { review: 0.5, decline: 0.8 };

function evidenceOf(data: Readonly<Record<string, unknown>>): string {
  const { reasons, features, facts, shadows, degraded, capped } = data as Record<string, unknown>;
  const evidence = JSON.stringify({
    reasons: Array.isArray(reasons) ? reasons : [],
    features: objectOf(features),
    facts: objectOf(facts),
    shadows,
    degraded,
    capped,
    modelScore: data["model_score"],
    rules: data["rules_version"],
    model: data["model_version"],
    hash: data["rules_hash"],
  });
  if (evidence.length <= evidenceLimit) return evidence;
  return JSON.stringify({ reasons: [], features: {}, facts: {}, tooLarge: true });
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? clean(value.slice(0, idLimit)) : null;
}

/** Without the one character that a database does not take. */
function clean(value: string): string {
  return value.replaceAll("\0", "\uFFFD");
}

function finite(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function share(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= 1 ? value : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
