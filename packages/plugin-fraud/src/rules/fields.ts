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

function payment<T extends Type>(
  name: string,
  type: T,
  read: (transaction: Subject["transaction"]) => unknown,
): OwnField<Subject> & { readonly type: T } {
  return { name, type, read: ({ transaction }) => read(transaction) };
}

/** Everything rules can ask of a payment. */
export const paymentFields: FieldSet<Subject> = fieldSet<Subject>(
  payment("payment.time", "time", ({ time }) => time),
  [
    payment("payment.id", "text", ({ id }) => id),
    payment("payment.amount", "number", ({ amount }) => amount),
    payment("payment.currency", "text", ({ currency }) => currency),
    payment("payment.country", "text", ({ country }) => country),
    payment("payment.failed", "truth", ({ failed = false }) => failed),
    payment("order.id", "text", ({ orderId }) => orderId),
    payment("customer.id", "text", ({ customerId }) => customerId),
    payment("card.id", "text", ({ cardId }) => cardId),
    payment("card.country", "text", ({ cardCountry }) => cardCountry),
    payment("device.id", "text", ({ deviceId }) => deviceId),
    payment("ip.address", "text", ({ ip }) => ip),
    payment("merchant.id", "text", ({ merchantId }) => merchantId),
    payment("seller.id", "text", ({ sellerId }) => sellerId),
    ...signalTexts.map((name) => payment(name, "text", ({ readings }) => readings?.texts[name])),
    { name: "model.score", type: "number", read: ({ modelScore }) => modelScore },
    { name: anomalyBy, type: "text", read: (subject) => subject.anomalyBy },
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
