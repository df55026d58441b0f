import {
  type DerivedFeature,
  defineFeatures,
  type FeatureSet,
  type WindowFeature,
} from "@ecap/sdk/features";
import { customerKey, historyFeatures, paid, readingFeatures } from "./features/signal-features.ts";
import type { PaymentSubject } from "./signals/signal.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Definition = Omit<WindowFeature<PaymentSubject>, "key" | "entity">;

const isPayment = ({ refund }: PaymentSubject): boolean => refund === undefined;
const amount = ({ amount: value }: PaymentSubject): number => value;
const card = ({ cardId }: PaymentSubject): string | undefined => cardId;
const device = ({ deviceId }: PaymentSubject): string | undefined => deviceId;
const country = ({ country: value }: PaymentSubject): string | undefined => value;
const ip = ({ ip: value }: PaymentSubject): string | undefined => value;
const keys = { card, customer: customerKey, device, ip } as const;

function of(
  entity: keyof typeof keys,
  definitions: readonly Definition[],
): ReadonlyArray<WindowFeature<PaymentSubject>> {
  return definitions.map((definition) => ({
    ...definition,
    entity,
    key: keys[entity],
    name: `${entity}_${definition.name}`,
  }));
}

/** How many devices, or countries, the customer paid from in 90 days: with the payment at hand and before it. */
function known(
  name: "devices" | "countries",
  value: NonNullable<Definition["value"]>,
): readonly Definition[] {
  const window = {
    aggregate: "distinct",
    windowMs: 90 * day,
    filter: paid,
    value,
    series: `customer_${name}_90d`,
  } as const;
  return [
    { ...window, name: `${name}_90d` },
    { ...window, name: `${name}_90d_before`, includes: "before" },
  ];
}

/** 1 where a customer of whom one is known pays from another. */
function isNew(
  one: "device" | "country",
  all: Parameters<typeof known>[0],
): DerivedFeature<PaymentSubject> {
  return {
    name: `new_${one}`,
    derive(values) {
      const before = values[`customer_${all}_90d_before`] ?? 0;
      return before > 0 && (values[`customer_${all}_90d`] ?? 0) > before ? 1 : 0;
    },
  };
}

/** Velocity of the card, customer, device and address behind a payment. */
const velocity: ReadonlyArray<WindowFeature<PaymentSubject>> = [
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
    { name: "devices_24h", aggregate: "distinct", windowMs: day, value: device },
  ]),
  ...of("customer", [
    { name: "count_1h", aggregate: "count", windowMs: hour, filter: isPayment },
    {
      name: "count_30d",
      aggregate: "count",
      windowMs: 30 * day,
      filter: isPayment,
      includes: "before",
    },
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
      filter: paid,
      value: country,
    },
    { name: "devices_30d", aggregate: "distinct", windowMs: 30 * day, value: device },
    ...known("devices", device),
    ...known("countries", country),
    {
      name: "refunds_90d",
      aggregate: "count",
      windowMs: 90 * day,
      filter: ({ refund }) => refund !== undefined,
    },
    {
      name: "claims_90d",
      aggregate: "count",
      windowMs: 90 * day,
      filter: ({ refund }) => refund?.claimed === true,
    },
  ]),
  ...of("device", [
    { name: "cards_24h", aggregate: "distinct", windowMs: day, value: card },
    {
      name: "failed_1h",
      aggregate: "count",
      windowMs: hour,
      filter: ({ failed }) => failed === true,
    },
  ]),
  ...of("ip", [
    { name: "count_1h", aggregate: "count", windowMs: hour },
    { name: "cards_1h", aggregate: "distinct", windowMs: hour, value: card },
  ]),
];

/** Numbers of the payment itself, beside its velocity. */
const own: ReadonlyArray<DerivedFeature<PaymentSubject>> = [
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
    derive: (_, { subject }) =>
      subject.country !== undefined &&
      subject.cardCountry !== undefined &&
      subject.country !== subject.cardCountry
        ? 1
        : 0,
  },
  { name: "new_customer", derive: (values) => (values["customer_count_30d"] === 0 ? 1 : 0) },
  isNew("device", "devices"),
  isNew("country", "countries"),
  { name: "night", derive: (_, { at }) => (new Date(at).getUTCHours() < 6 ? 1 : 0) },
];

/** What is known of a payment in numbers, for rules and models. */
export const fraudFeatures: FeatureSet<PaymentSubject> = defineFeatures<PaymentSubject>(
  "fraud",
  [...velocity, ...own, ...readingFeatures, ...historyFeatures],
  { version: "2" },
);

export const featureNames: readonly string[] = fraudFeatures.features.map(({ name }) => name);

/** Features that every payment has: what models are made of that do not say what becomes of a missing one. */
export const steadyFeatureNames: readonly string[] = [...velocity, ...own].map(({ name }) => name);
