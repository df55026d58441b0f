import { isWindowFeature } from "@ecap/sdk/features";
import type { Decision } from "../contract.ts";
import { featureNames, fraudFeatures } from "../fraud-features.ts";
import { anomalyBy, anomalyScore } from "../signals/anomaly-watch.ts";
import { signalTexts } from "../signals/payment-signals.ts";
import type { PaymentSubject } from "../signals/signal.ts";
import { eventTimeSlot, type Facts, type Scope, type Type, type Value } from "./language/index.ts";

/** What a decision knows when its rules are asked. */
export interface Subject {
  readonly transaction: PaymentSubject & { readonly time: number };
  readonly features: Readonly<Record<string, number>>;
  /** The feature that is most unlike the others'; absent where none is. */
  readonly anomalyBy?: string | undefined;
  /** The model's score; absent where it was not asked or failed. */
  readonly modelScore?: number | undefined;
  /** Epoch milliseconds; lists and snoozes count as of it. */
  readonly decidedAt: number;
}

/** Something rules can ask, and where its value is. */
export type Field = { readonly name: string; readonly type: Type } & (
  | { readonly of: "transaction"; readonly read: (transaction: Subject["transaction"]) => unknown }
  | { readonly of: "features"; readonly key: string }
  | { readonly of: "model" | "anomaly" }
);

/** Texts are seen up to here; what is longer is cut. */
export const textLimit = 4_096;

function payment(
  name: string,
  type: Type,
  read: (transaction: Subject["transaction"]) => unknown,
): Field {
  return { name, type, of: "transaction", read };
}

/** `card_count_1h` of the entity card is `card.count_1h` to rules. */
function feature(key: string): Field {
  const entity = fraudFeatures.features
    .filter(isWindowFeature)
    .find(({ name }) => name === key)?.entity;
  const name =
    entity !== undefined && key.startsWith(`${entity}_`)
      ? `${entity}.${key.slice(entity.length + 1)}`
      : key;
  return { name, type: "number", of: "features", key };
}

/** Everything rules can ask, in the order of the facts: the time of the payment first. */
export const fields: readonly Field[] = [
  payment("payment.time", "time", ({ time }) => time),
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
  ...signalTexts.map((name) => payment(name, "text", ({ readings }) => readings?.texts[name])),
  { name: "model.score", type: "number", of: "model" },
  { name: anomalyBy, type: "text", of: "anomaly" },
  ...[...featureNames, anomalyScore].map(feature),
];

const placed = fields.map((field, i) => ({ ...field, slot: eventTimeSlot + i }));
const slots: Scope["fields"] = new Map(
  placed.map(({ name, type, slot }) => [name, { type, slot }]),
);

/** What expressions may name, with these lists. */
export function scopeWith(lists: Iterable<string>): Scope {
  return { fields: slots, lists: new Set(lists) };
}

export function slotOf(field: string): number {
  const place = slots.get(field);
  if (place === undefined) throw new TypeError(`there is no field "${field}"`);
  return place.slot;
}

/** Facts of which nothing is known: copied for each payment, then filled in. */
const unknown: Facts = [
  0,
  ...fields.map(({ type }) => (type === "text" || type === "truth" ? undefined : Number.NaN)),
];
const ofTransaction = placed.filter((field) => field.of === "transaction");
const ofFeatures = placed.filter((field) => field.of === "features");
const own = placed.filter(({ of }) => of !== "features");
const modelSlot = slotOf("model.score");
const anomalySlot = slotOf(anomalyBy);

/** The values of all fields. What is absent, of another type than its field, or no finite number is missing. */
export function factsOf({
  transaction,
  features,
  anomalyBy: by,
  modelScore,
  decidedAt,
}: Subject): Facts {
  const facts = unknown.slice();
  facts[0] = decidedAt;
  for (const { read, type, slot } of ofTransaction) put(facts, slot, type, read(transaction));
  for (const { key, slot } of ofFeatures) putNumber(facts, slot, features[key]);
  putNumber(facts, modelSlot, modelScore);
  put(facts, anomalySlot, "text", by);
  return facts;
}

function put(facts: Value[], slot: number, type: Type, value: unknown): void {
  if (type === "text") {
    if (typeof value === "string")
      facts[slot] = value.length > textLimit ? value.slice(0, textLimit) : value;
  } else if (type === "truth") {
    if (typeof value === "boolean") facts[slot] = value;
  } else putNumber(facts, slot, value);
}

function putNumber(facts: Value[], slot: number, value: unknown): void {
  if (typeof value === "number" && Number.isFinite(value)) facts[slot] = value;
}

/** Facts that a decision's record has in no place of their own. */
const keptAsFacts = [
  "card.id",
  "card.country",
  "device.id",
  "ip.address",
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

/** Facts of fields by their names, and of features by theirs. */
export function factsFrom(recorded: {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly features: Readonly<Record<string, unknown>>;
  readonly decidedAt: number;
}): Facts {
  const facts = unknown.slice();
  facts[0] = recorded.decidedAt;
  for (const { name, type, slot } of own) put(facts, slot, type, recorded.facts[name]);
  for (const { key, slot } of ofFeatures) putNumber(facts, slot, recorded.features[key]);
  return facts;
}
