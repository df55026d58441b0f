import type { Decision } from "../contract.ts";
import { fraudFeatures } from "../fraud-features.ts";
import { anomalyBy, anomalyScore } from "../signals/anomaly-watch.ts";
import { signalTexts } from "../signals/payment-signals.ts";
import type { PaymentSubject } from "../signals/signal.ts";
import { type FeatureSubject, type FieldSet, fieldSet, type OwnField } from "./field-set.ts";
import type { Facts, Type } from "./language/index.ts";
import { riskFeatures } from "./risk/seller-kinds.ts";

/** What a decision knows when its rules are asked. */
export interface Subject extends FeatureSubject {
  readonly transaction: PaymentSubject & { readonly time: number };
  /** The feature that is most unlike the others'; absent where none is. */
  readonly anomalyBy?: string | undefined;
  /** The model's score; absent where it was not asked or failed. */
  readonly modelScore?: number | undefined;
}

function field<T extends Type>(
  name: string,
  type: T,
  read: (subject: Subject) => unknown,
): OwnField<Subject> & { readonly type: T } {
  return { name, type, read };
}

/** Everything rules can ask of a payment. */
export const paymentFields: FieldSet<Subject> = fieldSet<Subject>(
  field("payment.time", "time", ({ transaction }) => transaction.time),
  [
    field("payment.id", "text", ({ transaction }) => transaction.id),
    field("payment.amount", "number", ({ transaction }) => transaction.amount),
    field("payment.currency", "text", ({ transaction }) => transaction.currency),
    field("payment.country", "text", ({ transaction }) => transaction.country),
    field("payment.failed", "truth", ({ transaction }) => transaction.failed ?? false),
    field("order.id", "text", ({ transaction }) => transaction.orderId),
    field("customer.id", "text", ({ transaction }) => transaction.customerId),
    field("card.id", "text", ({ transaction }) => transaction.cardId),
    field("card.country", "text", ({ transaction }) => transaction.cardCountry),
    field("device.id", "text", ({ transaction }) => transaction.deviceId),
    field("ip.address", "text", ({ transaction }) => transaction.ip),
    field("merchant.id", "text", ({ transaction }) => transaction.merchantId),
    field("seller.id", "text", ({ transaction }) => transaction.sellerId),
    ...signalTexts.map((name) =>
      field(name, "text", ({ transaction }) => transaction.readings?.texts[name]),
    ),
    field("model.score", "number", ({ modelScore }) => modelScore),
    field(anomalyBy, "text", (subject) => subject.anomalyBy),
  ],
  [...fraudFeatures.features, { name: anomalyScore }, ...riskFeatures],
);

export const { fields, scopeWith, slotOf, factsOf, factsFrom } = paymentFields;

/** Facts that a decision's record has in no place of their own. */
const keptAsFacts = [
  "card.id",
  "card.country",
  "device.id",
  "ip.address",
  "merchant.id",
  "seller.id",
  ...signalTexts,
  "payment.failed",
].map((name) => ({ name, slot: slotOf(name) }));

/** What a decision's record must keep beside its features and the payment's own members for {@link factsFrom} to give the same facts again. */
export function recordedFacts(facts: Facts): Decision["facts"] {
  const recorded: Record<string, string | boolean> = {};
  for (const { name, slot } of keptAsFacts) {
    const value = facts[slot];
    if (typeof value === "string" || value === true) recorded[name] = value;
  }
  return recorded;
}
