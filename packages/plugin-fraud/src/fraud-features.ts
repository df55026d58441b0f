import { defineFeatures, type FeatureDefinition, type FeatureSet } from "@ecap/sdk/features";
import type { Transaction } from "./contract.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Definition = Omit<FeatureDefinition<Transaction>, "key" | "entity">;

const keys = {
  card: ({ cardId }: Transaction) => cardId,
  customer: ({ customerId }: Transaction) => customerId,
  device: ({ deviceId }: Transaction) => deviceId,
  ip: ({ ip }: Transaction) => ip,
} as const;

const paid = ({ failed }: Transaction): boolean => failed !== true;
const amount = ({ amount: value }: Transaction): number => value;

function of(
  entity: keyof typeof keys,
  definitions: readonly Definition[],
): ReadonlyArray<FeatureDefinition<Transaction>> {
  return definitions.map((definition) => ({
    ...definition,
    entity,
    key: keys[entity],
    name: `${entity}_${definition.name}`,
  }));
}

/** Velocity of the card, customer, device and address behind a payment. */
export const velocityFeatures: FeatureSet<Transaction> = defineFeatures("fraud", [
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
]);

/** Numbers of the payment itself, beside its velocity. */
export function ownFeatures(
  transaction: Transaction,
  velocity: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const { amount: value, country, cardCountry, time = 0 } = transaction;
  const before = velocity["customer_count_30d"] ?? 0;
  const mean = before === 0 ? 0 : (velocity["customer_amount_30d"] ?? 0) / before;
  return {
    amount: value,
    amount_to_mean: mean === 0 ? 1 : Math.min(value / mean, 100),
    country_mismatch:
      country !== undefined && cardCountry !== undefined && country !== cardCountry ? 1 : 0,
    new_customer: before === 0 ? 1 : 0,
    night: new Date(time).getUTCHours() < 6 ? 1 : 0,
  };
}

export const featureNames: readonly string[] = [
  ...velocityFeatures.features.map(({ name }) => name),
  ...Object.keys(ownFeatures({ id: "", amount: 0 }, {})),
];
