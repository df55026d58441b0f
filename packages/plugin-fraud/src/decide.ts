import type { Clock, StateStore } from "@ecap/sdk";
import type { ModelAnswer, ModelServer } from "@ecap/sdk/models";
import type { Decision, ReasonCode, ShadowRuling, Transaction } from "./contract.ts";
import { featureNames, fraudFeatures } from "./fraud-features.ts";
import { type Cap, countDecline } from "./rules/decline-cap.ts";
import { detailsOf, evaluate, type Ruling, type Thresholds } from "./rules/evaluate.ts";
import { factsOf, recordedFacts } from "./rules/fields.ts";
import type { Facts } from "./rules/language/index.ts";
import type { RiskBook } from "./rules/risk/risk-book.ts";
import type { LoadedRuleSet, RuleBook, RulesInForce } from "./rules/rule-book.ts";
import { silencedFor } from "./rules/snoozes.ts";
import { type AnomalyWatch, anomalyScore } from "./signals/anomaly-watch.ts";
import { knownPart } from "./signals/known-part.ts";
import { paymentSignals, type ReadSignals } from "./signals/payment-signals.ts";
import type { PaymentSubject } from "./signals/signal.ts";

export interface DecideOptions {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly rules: Pick<RuleBook, "inForce">;
  /** Where a rule set has none of its own. */
  readonly thresholds: Thresholds;
  /** Looks at the payment. Default: with no lookups in databases or lists. */
  readonly signals?: ReadSignals;
  /** Says how unlike the others a payment is. Absent: nobody does. */
  readonly anomalies?: AnomalyWatch | undefined;
  /** How often payments to a merchant or seller turned out to be fraud. Absent: nobody knows. */
  readonly risks?: Pick<RiskBook, "current"> | undefined;
  /** Absent: rules alone decide. */
  readonly models?: ModelServer | undefined;
}

/** A decision, and whether it was the first decline too many, of which somebody is to be told. */
export interface Decided {
  readonly decision: Decision;
  /** What of the payment could be used. */
  readonly payment: Transaction;
  readonly capReached: boolean;
  /** What the rules saw, and the rules: for whoever asks them again. */
  readonly facts: Facts;
  readonly rules: RulesInForce;
}

/**
 * Makes the decision: signals and velocity first, then the model, then the rules on all of it. Adds the payment to its velocity once, by its id. What
 * of the payment cannot be used is left out and named.
 */
export async function decide(given: Transaction, options: DecideOptions): Promise<Decided> {
  const begun = performance.now();
  const { clock, stateStore, thresholds, signals = plainSignals } = options;
  const decidedAt = clock.now();
  const { payment: transaction, missing } = knownPart(given, decidedAt);
  const tenant = transaction.tenant ?? "default";
  const readings = signals(transaction, missing);
  const subject = { readings, ...transaction };
  const sells = transaction.merchantId ?? transaction.sellerId;
  const [features, rules, risks] = await Promise.all([
    countPayment(subject, stateStore).then(onlyKnown),
    options.rules.inForce(tenant),
    sells === undefined ? undefined : options.risks?.current(tenant),
  ]);
  const anomaly = options.anomalies?.look(tenant, features);
  if (anomaly !== undefined) features[anomalyScore] = anomaly.score;
  // Rules ask it; models have no such feature.
  risks?.addTo(features, transaction);
  const known = performance.now();
  const model =
    (await options.models?.ask({ tenant, entity: entityOf(subject), features })) ?? noModel;
  const scored = performance.now();
  const facts = factsOf({
    transaction: subject,
    features,
    anomalyBy: anomaly?.by,
    modelScore: model.score,
    decidedAt,
  });
  const silenced = silencedFor(rules.snoozes, facts);
  const ruling = evaluate(rules.active, facts, { thresholds, silenced });
  const shadows = rules.shadows.map((ruleSet) =>
    shadowOf(ruleSet, evaluate(ruleSet, facts, { thresholds, silenced })),
  );
  // Before anything is waited for, so that they are of the lists the ruling saw.
  const reasons = reasonsOf(rules.active, facts, ruling);
  const cap = await capOf(ruling, rules, {
    stateStore,
    tenant,
    id: transaction.id,
    at: subject.time,
  });
  const ended = performance.now();
  const decision: Decision = {
    id: `fraud-decision/${transaction.id}`,
    transactionId: transaction.id,
    tenant,
    outcome: cap.exceeded ? "review" : ruling.outcome,
    score: ruling.score,
    reasons,
    ...(model.score !== undefined && { modelScore: model.score }),
    ...(model.degraded !== undefined && { degraded: model.degraded }),
    features,
    ...(readings.missing.length > 0 && { missing: readings.missing }),
    facts: recordedFacts(facts),
    hash: ruling.hash,
    ...(cap.exceeded && { capped: true }),
    ...(shadows.length > 0 && { shadows }),
    ...(model.opinions.length > 0 && { models: model.opinions }),
    versions: { rules: rules.active.label, model: model.model },
    decidedAt,
    latencyMs: microseconds(ended - begun),
    stages: {
      featuresMs: microseconds(known - begun),
      modelsMs: microseconds(scored - known),
      rulesMs: microseconds(ended - scored),
    },
  };
  return { decision, payment: transaction, capReached: cap.first, facts, rules };
}

/** Adds a payment to its velocity, once by its id, and gives its features with it. All there is to do for one that nothing is decided about. */
export function countPayment(
  subject: PaymentSubject & { readonly time: number },
  stateStore: StateStore,
): Promise<Readonly<Record<string, number>>> {
  const { id, time: at, tenant = "default" } = subject;
  return fraudFeatures.contribute(stateStore, { tenant, id, at, subject });
}

function reasonsOf(ruleSet: LoadedRuleSet, facts: Facts, { hits }: Ruling): readonly ReasonCode[] {
  const details = detailsOf(ruleSet, facts, hits);
  return hits.map((hit, i) => ({ detail: details[i] ?? "", ...hit }));
}

function shadowOf({ label }: LoadedRuleSet, { outcome, score, hits, hash }: Ruling): ShadowRuling {
  return { rules: label, outcome, score, held: hits.map(({ rule }) => rule), hash };
}

function capOf(
  { outcome }: Ruling,
  { active }: RulesInForce,
  {
    stateStore,
    ...payment
  }: {
    readonly stateStore: StateStore;
    readonly tenant: string;
    readonly id: string;
    readonly at: number;
  },
): Promise<Cap> | Cap {
  if (outcome !== "decline") return { exceeded: false, first: false };
  const { label, document } = active;
  return countDecline(stateStore, {
    ...payment,
    ruleSet: label,
    max: document.maxDeclinesPerMinute,
  });
}

const plainSignals = paymentSignals();

/** Without what is not known. */
function onlyKnown(values: Readonly<Record<string, number>>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of featureNames) {
    const value = values[name];
    if (value !== undefined && !Number.isNaN(value)) found[name] = value;
  }
  return found;
}

/** Milliseconds to the microsecond: what a clock says beyond is noise, and is kept for every decision. */
function microseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

const noModel: ModelAnswer = { opinions: [] };

/** Who always meets the same side of a canary. */
function entityOf({ id, customerId, cardId, deviceId, ip }: Transaction): string {
  return customerId ?? cardId ?? deviceId ?? ip ?? id;
}
