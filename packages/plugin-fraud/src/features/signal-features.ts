import type { DerivedFeature, FeatureDefinition, WindowFeature } from "@ecap/sdk/features";
import { sketchSimilarity } from "../signals/device-signal.ts";
import { pack, unpack } from "../signals/packed.ts";
import { signalNumbers } from "../signals/payment-signals.ts";
import { cellOf, distanceKm, placeOfCell } from "../signals/place.ts";
import type { PaymentSubject } from "../signals/signal.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const unknown = Number.NaN;

const numberOf = (subject: PaymentSubject, name: string): number | undefined =>
  subject.readings?.numbers[name];
const textOf = (subject: PaymentSubject, name: string): string | undefined =>
  subject.readings?.texts[name];
/** A payment that went through. */
export const paid = ({ failed, refund }: PaymentSubject): boolean =>
  failed !== true && refund === undefined;

/** What the signals read of the payment. */
export const readingFeatures: ReadonlyArray<DerivedFeature<PaymentSubject>> = signalNumbers.map(
  (name) => ({ name, missing: unknown, derive: (_, { subject }) => numberOf(subject, name) }),
);

function ofText(
  entity: string,
  text: string,
  definitions: ReadonlyArray<Omit<WindowFeature<PaymentSubject>, "entity" | "key">>,
): ReadonlyArray<WindowFeature<PaymentSubject>> {
  const key = (subject: PaymentSubject): string | undefined => textOf(subject, text);
  return definitions.map((each) => ({ ...each, entity, key, name: `${entity}_${each.name}` }));
}

// The key function the other features of a customer have too.
const ofCustomer = {
  entity: "customer",
  key: customerKey,
  filter: paid,
  missing: unknown,
} as const;

/** Fewer payments than this say nothing of a habit. */
const leastHabit = 5;
/** Of the earth the grid and the database know no more than this. */
const sameplaceKm = 50;
/** The least spread of the logarithm of amounts: a customer who always paid the same may pay a tenth more. */
const leastSpread = 0.1;

/** What the history says of what the signals read. */
export const historyFeatures: ReadonlyArray<FeatureDefinition<PaymentSubject>> = [
  ...ofText("email", "email.key", [
    { name: "count_24h", aggregate: "count", windowMs: dayMs },
    { name: "cards_7d", aggregate: "distinct", windowMs: 7 * dayMs, value: ({ cardId }) => cardId },
  ]),
  ...ofText("phone", "phone.key", [
    {
      name: "customers_7d",
      aggregate: "distinct",
      windowMs: 7 * dayMs,
      value: ({ customerId }) => customerId,
    },
  ]),
  ...ofText("bin", "card.bin", [
    {
      name: "cards_10m",
      aggregate: "distinct",
      windowMs: 600_000,
      // Thousands of cards may be of one issuer; of one bucket their number is known at once.
      bucketMs: 600_000,
      value: ({ cardId }) => cardId,
    },
    {
      name: "failed_1h",
      aggregate: "count",
      windowMs: hourMs,
      filter: ({ failed }) => failed === true,
    },
  ]),
  ...ofText("fingerprint", "device.fingerprint", [
    {
      name: "customers_7d",
      aggregate: "distinct",
      windowMs: 7 * dayMs,
      value: ({ customerId }) => customerId,
    },
  ]),
  {
    ...ofCustomer,
    name: "customer_since_last",
    aggregate: "since_last",
    windowMs: 90 * dayMs,
    series: "customer_paid",
  },
  {
    ...ofCustomer,
    name: "customer_age",
    aggregate: "age",
    windowMs: 90 * dayMs,
    series: "customer_paid",
  },
  // The newest place and device before the payment; see pack.
  {
    ...ofCustomer,
    name: "customer_last_place",
    aggregate: "max",
    includes: "before",
    windowMs: 30 * dayMs,
    value: packedPlace,
  },
  {
    ...ofCustomer,
    name: "customer_last_device",
    aggregate: "max",
    includes: "before",
    windowMs: 90 * dayMs,
    value: packedSketch,
  },
  {
    name: "travel_km",
    missing: unknown,
    derive: ({ customer_last_place: last = unknown }, { subject }) => {
      const place = placeOf(subject);
      if (place === undefined || Number.isNaN(last)) return undefined;
      const km = distanceKm(placeOfCell(unpack(last).payload), place);
      return km < sameplaceKm ? 0 : km;
    },
  },
  {
    name: "travel_kmh",
    missing: unknown,
    derive: ({ travel_km: km = unknown, customer_last_place: last = unknown }, { at }) =>
      // Minutes are what is kept.
      km / (Math.max(60_000, Math.abs(at - unpack(last).time)) / hourMs),
  },
  {
    name: "device_similarity",
    missing: unknown,
    derive: ({ customer_last_device: last = unknown, device_sketch: sketch = unknown }) =>
      Number.isNaN(last + sketch) ? undefined : sketchSimilarity(unpack(last).payload, sketch),
  },
  ...(["cos", "sin"] as const).map((part) => ({
    ...ofCustomer,
    name: `customer_hour_${part}`,
    aggregate: "sum" as const,
    includes: "before" as const,
    windowMs: 90 * dayMs,
    value: ({ time = 0 }: PaymentSubject) => Math[part](((time % dayMs) / dayMs) * 2 * Math.PI),
  })),
  {
    ...ofCustomer,
    name: "customer_paid_90d",
    aggregate: "count",
    includes: "before",
    missing: 0,
    windowMs: 90 * dayMs,
    series: "customer_paid",
  },
  {
    // How far the hour is from the middle of the customer's own. @see Mardia & Jupp, Directional Statistics, 2000, section 2.2
    name: "habit_hours_off",
    missing: unknown,
    derive: (values, { at }) => {
      const {
        customer_hour_cos: x = 0,
        customer_hour_sin: y = 0,
        customer_paid_90d: n = 0,
      } = values;
      if (n < leastHabit) return undefined;
      const turn = 2 * Math.PI;
      const off = Math.abs(Math.atan2(y, x) - ((at % dayMs) / dayMs) * turn) % turn;
      return (Math.min(off, turn - off) / turn) * 24;
    },
  },
  ...(["mean", "variance"] as const).map((aggregate) => ({
    ...ofCustomer,
    name: `customer_log_amount_${aggregate}`,
    aggregate,
    includes: "before" as const,
    windowMs: 90 * dayMs,
    value: logAmount,
    series: "customer_log_amount",
  })),
  {
    // Of logarithms, as amounts are far from normal; the spread has a floor.
    name: "amount_z",
    missing: unknown,
    derive: (values, { subject }) => {
      const { customer_log_amount_mean: mean, customer_log_amount_variance: variance } = values;
      if ((values["customer_paid_90d"] ?? 0) < leastHabit) return undefined;
      const spread = Math.max(leastSpread, Math.sqrt(variance ?? unknown));
      return ((logAmount(subject) ?? unknown) - (mean ?? unknown)) / spread;
    },
  },
];

export function customerKey({ customerId }: PaymentSubject): string | undefined {
  return customerId;
}

function placeOf(subject: PaymentSubject) {
  const latitude = numberOf(subject, "ip_latitude");
  const longitude = numberOf(subject, "ip_longitude");
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}

function packedPlace(subject: PaymentSubject): number | undefined {
  const place = placeOf(subject);
  return place && subject.time !== undefined ? pack(subject.time, cellOf(place)) : undefined;
}

function packedSketch(subject: PaymentSubject): number | undefined {
  const sketch = numberOf(subject, "device_sketch");
  return sketch === undefined || subject.time === undefined
    ? undefined
    : pack(subject.time, sketch);
}

function logAmount({ amount }: PaymentSubject): number | undefined {
  return amount >= 0 ? Math.log1p(amount) : undefined;
}
