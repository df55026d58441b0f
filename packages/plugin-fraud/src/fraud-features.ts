import {
  type DerivedFeature,
  defineFeatures,
  type FeatureSet,
  type WindowFeature,
} from "@ecap/sdk/features";
import type { Transaction } from "./contract.ts";
import { customerKey, historyFeatures, readingFeatures } from "./features/signal-features.ts";
import type { PaymentSubject } from "./signals/signal.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Definition = Omit<WindowFeature<Transaction>, "key" | "entity">;

const keys = {
  card: ({ cardId }: Transaction) => cardId,
  customer: customerKey,
  device: ({ deviceId }: Transaction) => deviceId,
  ip: ({ ip }: Transaction) => ip,
} as const;

const paid = ({ failed }: Transaction): boolean => failed !== true;
const amount = ({ amount: value }: Transaction): number => value;

function of(
  entity: keyof typeof keys,
  definitions: readonly Definition[],
): ReadonlyArray<WindowFeature<Transaction>> {
  return definitions.map((definition) => ({
    ...definition,
    entity,
    key: keys[entity],
    name: `${entity}_${definition.name}`,
  }));
}

/** Velocity of the card, customer, device and address behind a payment. */
const velocity: ReadonlyArray<WindowFeature<Transaction>> = [
  ...of("card", [
    { name: "count_10m", aggregate: "count", windowMs: 10 * minute },
    { name: "count_24h", aggregate: "count", windowMs: day },
    {
      name: "failed_1h",
      aggregate: "count",
      windowMs: hour,
      filter: ({ failed }) => failed === true,
    },
    { name: "amount_24h", aggregate: "sum", windowMs: day, filter: paid, value: amount },
    {
      name: "customers_7d",
      aggregate: "distinct",
      windowMs: 7 * day,
      value: ({ customerId }) => customerId,
    },
  ]),
  ...of("customer", [
    { name: "count_1h", aggregate: "count", windowMs: hour },
    { name: "count_30d", aggregate: "count", windowMs: 30 * day, includes: "before" },
    {
      name: "amount_30d",
      aggregate: "sum",
      windowMs: 30 * day,
      filter: paid,
      value: amount,
      includes: "before",
    },
    {
      name: "countries_2h",
      aggregate: "distinct",
      windowMs: 2 * hour,
      value: ({ country }) => country,
    },
    {
      name: "devices_30d",
      aggregate: "distinct",
      windowMs: 30 * day,
      value: ({ deviceId }) => deviceId,
    },
  ]),
  ...of("device", [
    { name: "cards_24h", aggregate: "distinct", windowMs: day, value: ({ cardId }) => cardId },
    {
      name: "failed_1h",
      aggregate: "count",
      windowMs: hour,
      filter: ({ failed }) => failed === true,
    },
  ]),
  ...of("ip", [
    { name: "count_1h", aggregate: "count", windowMs: hour },
    { name: "cards_1h", aggregate: "distinct", windowMs: hour, value: ({ cardId }) => cardId },
  ]),
];

/** Numbers of the payment itself, beside its velocity. */
const own: ReadonlyArray<DerivedFeature<Transaction>> = [
  { name: "amount", missing: Number.NaN, derive: (_, { subject }) => subject.amount },
  {
    name: "amount_to_mean",
    missing: 1,
    derive(values, { subject }) {
      const mean = (values["customer_amount_30d"] ?? 0) / (values["customer_count_30d"] ?? 0);
      return mean === 0 ? undefined : Math.min(subject.amount / mean, 100);
    },
  },
  {
    name: "country_mismatch",
    derive: (_, { subject: { country, cardCountry } }) =>
      country !== undefined && cardCountry !== undefined && country !== cardCountry ? 1 : 0,
  },
  { name: "new_customer", derive: (values) => (values["customer_count_30d"] === 0 ? 1 : 0) },
  { name: "night", derive: (_, { at }) => (new Date(at).getUTCHours() < 6 ? 1 : 0) },
];

/** What is known of a payment in numbers, for rules and models. */
export const fraudFeatures: FeatureSet<PaymentSubject> = defineFeatures<PaymentSubject>("fraud", [
  ...velocity,
  ...own,
  ...readingFeatures,
  ...historyFeatures,
]);

export const featureNames: readonly string[] = fraudFeatures.features.map(({ name }) => name);

/** Features that every payment has: what models are made of that do not say what becomes of a missing one. */
export const steadyFeatureNames: readonly string[] = [...velocity, ...own].map(({ name }) => name);
