import type { Decision, Transaction } from "../contract.ts";
import { featureNames, velocityFeatures } from "../fraud-features.ts";
import { eventTimeSlot, type Facts, type Scope, type Type, type Value } from "./language/index.ts";

/** What a decision knows when its rules are asked. */
export interface Subject {
  readonly transaction: Transaction & { readonly time: number };
  readonly features: Readonly<Record<string, number>>;
  /** The model's score; absent where it was not asked or failed. */
  readonly modelScore?: number | undefined;
  /** Epoch milliseconds; lists and snoozes count as of it. */
  readonly decidedAt: number;
}

export interface Field {
  readonly name: string;
  readonly type: Type;
  readonly read: (subject: Subject) => unknown;
  /** The feature it is, by the feature's own name. */
  readonly feature?: string;
}

/** Texts are seen up to here; what is longer is cut. */
export const textLimit = 4_096;

/** `card_count_1h` of the entity card is `card.count_1h` to rules. */
function featureFieldName(feature: string): string {
  const entity = velocityFeatures.features.find(({ name }) => name === feature)?.entity;
  return entity !== undefined && feature.startsWith(`${entity}_`)
    ? `${entity}.${feature.slice(entity.length + 1)}`
    : feature;
}

/** Everything rules can ask, in the order of the facts: the time of the payment first. */
export const fields: readonly Field[] = [
  { name: "payment.time", type: "time", read: ({ transaction }) => transaction.time },
  { name: "payment.id", type: "text", read: ({ transaction }) => transaction.id },
  { name: "payment.amount", type: "number", read: ({ transaction }) => transaction.amount },
  { name: "payment.currency", type: "text", read: ({ transaction }) => transaction.currency },
  { name: "payment.country", type: "text", read: ({ transaction }) => transaction.country },
  { name: "payment.failed", type: "truth", read: ({ transaction }) => transaction.failed === true },
  { name: "order.id", type: "text", read: ({ transaction }) => transaction.orderId },
  { name: "customer.id", type: "text", read: ({ transaction }) => transaction.customerId },
  { name: "card.id", type: "text", read: ({ transaction }) => transaction.cardId },
  { name: "card.country", type: "text", read: ({ transaction }) => transaction.cardCountry },
  { name: "device.id", type: "text", read: ({ transaction }) => transaction.deviceId },
  { name: "ip.address", type: "text", read: ({ transaction }) => transaction.ip },
  { name: "model.score", type: "number", read: ({ modelScore }) => modelScore },
  ...featureNames.map(
    (feature): Field => ({
      name: featureFieldName(feature),
      type: "number",
      feature,
      read: ({ features }) => features[feature],
    }),
  ),
];

const slots: Scope["fields"] = new Map(
  fields.map(({ name, type }, i) => [name, { type, slot: eventTimeSlot + i }]),
);

const ownFields = fields.filter(({ feature }) => feature === undefined).map(({ name }) => name);

/** What expressions may name, with these lists. */
export function scopeWith(lists: Iterable<string>): Scope {
  return { fields: slots, lists: new Set(lists) };
}

/** The values of all fields. What is absent, of another type than its field, or no finite number is missing. */
export function factsOf(subject: Subject): Facts {
  const facts: Value[] = [subject.decidedAt];
  for (const { type, read } of fields) facts.push(normalised(type, read(subject)));
  return facts;
}

function normalised(type: Type, value: unknown): Value {
  switch (type) {
    case "text":
      if (typeof value !== "string") return undefined;
      return value.length > textLimit ? value.slice(0, textLimit) : value;
    case "truth":
      return typeof value === "boolean" ? value : undefined;
    case "number":
    case "time":
    case "duration":
      break;
  }
  return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
}

/** The facts beside the features, by field name, without what is missing: with the features all that rules can see. */
export function recordedFacts(facts: Facts): Decision["facts"] {
  const recorded: Record<string, number | string | boolean> = {};
  for (const name of ownFields) {
    const value = facts[slots.get(name)?.slot ?? 0];
    if (value !== undefined && !Number.isNaN(value)) recorded[name] = value;
  }
  return recorded;
}

/** The facts of a decision as it was recorded. */
export function factsFrom({
  facts: recorded,
  features,
  decidedAt,
}: {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly features: Readonly<Record<string, unknown>>;
  readonly decidedAt: number;
}): Facts {
  const facts: Value[] = [decidedAt];
  for (const { name, type, feature } of fields)
    facts.push(normalised(type, feature === undefined ? recorded[name] : features[feature]));
  return facts;
}
