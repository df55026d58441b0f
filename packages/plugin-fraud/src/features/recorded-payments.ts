import { EcapError, type QueryEngine, type ResultRow } from "@ecap/sdk";
import { type Arrival, type FeatureValues, isWindowFeature } from "@ecap/sdk/features";
import { lakeDb, lakeFunctions, lakeQuery } from "@ecap/sdk/sql";
import type { Transaction } from "../contract.ts";
import { featureNames, fraudFeatures } from "../fraud-features.ts";
import { signalNumbers, signalTexts } from "../signals/payment-signals.ts";
import type { PaymentSubject, Readings } from "../signals/signal.ts";
import { refundOf } from "../transaction.ts";

interface Lineage {
  readonly date: string;
  readonly event_time: string;
  readonly arrival_time: string;
  readonly partition: number;
  readonly offset: number;
}
interface Tables {
  readonly decisions: Lineage & {
    readonly transaction_id: string;
    readonly order_id: string | null;
    readonly customer_id: string | null;
    readonly currency: string | null;
    readonly country: string | null;
    readonly features: string | null;
    readonly facts: string | null;
  };
  readonly payments: Lineage & {
    readonly event_id: string;
    readonly payment_id: string | null;
    readonly order_id: string | null;
    readonly status: string;
    readonly amount: string | null;
    readonly currency: string | null;
    readonly card_id: string | null;
    readonly card_country: string | null;
    readonly country: string | null;
    readonly ip: string | null;
    readonly customer_id: string | null;
    readonly device_id: string | null;
  };
  readonly refunds: Lineage & {
    readonly refund_id: string;
    readonly kind: string;
    readonly reason: string | null;
    readonly order_id: string | null;
    readonly customer_id: string | null;
  };
}

export interface RecordedPayment {
  readonly arrival: Arrival<PaymentSubject>;
  /** What its decision saw; absent where nothing was decided, as of failed payments, or before the period. */
  readonly seen?: FeatureValues;
}

export interface RecordedPeriod {
  readonly tenant: string;
  /** Epoch milliseconds of the payments, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  readonly signal?: AbortSignal;
}

const lake = lakeDb<Tables>();
const dayMs = 86_400_000;
const timeoutMs = 30 * 60_000;
const maxRows = 100_000_000;
/** As far as a value reaches back, and the largest bucket beyond that and beyond the payment. */
const bucketMs = 8 * dayMs;
const reachMs =
  bucketMs +
  Math.max(
    ...fraudFeatures.features
      .filter(isWindowFeature)
      .map(({ windowMs, delayMs = 0 }) => windowMs + delayMs),
  );

/**
 * The payments that were counted, from the tables of decisions and of failed payments, and with them refunds, in order of arrival, from as far back as features of the period
 * reach. They come as they are read: what is held is one batch of rows.
 */
export async function* recordedPayments(
  engine: QueryEngine,
  { tenant, from, to, signal }: RecordedPeriod,
): AsyncGenerator<RecordedPayment> {
  const fn = lakeFunctions(engine.dialect);
  const period = { from: from - reachMs, to: to + bucketMs };
  const decided = lake
    .selectFrom("decisions")
    .select((eb) => [
      "event_time",
      "arrival_time",
      "partition",
      "offset",
      "transaction_id as id",
      eb.lit(null).$castTo<string | null>().as("failed_amount"),
      "currency",
      "order_id",
      "customer_id",
      "country",
      "facts",
      "features",
      eb.lit(null).$castTo<string | null>().as("card_id"),
      eb.lit(null).$castTo<string | null>().as("card_country"),
      eb.lit(null).$castTo<string | null>().as("device_id"),
      eb.lit(null).$castTo<string | null>().as("ip"),
      eb.lit(null).$castTo<string | null>().as("refund_reason"),
    ])
    .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), period));
  const failed = lake
    .selectFrom("payments")
    .select((eb) => [
      "event_time",
      "arrival_time",
      "partition",
      "offset",
      eb.fn.coalesce("payment_id", "event_id").as("id"),
      "amount as failed_amount",
      "currency",
      "order_id",
      "customer_id",
      "country",
      eb.lit(null).$castTo<string | null>().as("facts"),
      eb.lit(null).$castTo<string | null>().as("features"),
      "card_id",
      "card_country",
      "device_id",
      "ip",
      eb.lit(null).$castTo<string | null>().as("refund_reason"),
    ])
    .where("status", "=", "failed")
    .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), period));
  const refunded = lake
    .selectFrom("refunds")
    .select((eb) => {
      const none = eb.lit(null).$castTo<string | null>();
      return [
        "event_time",
        "arrival_time",
        "partition",
        "offset",
        "refund_id as id",
        none.as("failed_amount"),
        none.as("currency"),
        "order_id",
        "customer_id",
        none.as("country"),
        none.as("facts"),
        none.as("features"),
        none.as("card_id"),
        none.as("card_country"),
        none.as("device_id"),
        none.as("ip"),
        eb.fn.coalesce("reason", eb.val("")).as("refund_reason"),
      ];
    })
    .where("kind", "=", "refund")
    .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), period));
  const query = decided
    .unionAll(failed)
    .unionAll(refunded)
    .orderBy("arrival_time")
    .orderBy("partition")
    .orderBy("offset");
  const asked = lakeQuery(query, {
    tenant,
    timeoutMs,
    maxRows,
    ...(signal && { signal }),
  });
  for await (const rows of batches(engine, asked)) {
    for (const row of rows) {
      const payment = toPayment(row, tenant);
      const { at } = payment.arrival;
      yield at >= from && at < to ? payment : { arrival: payment.arrival };
    }
  }
}

async function* batches(
  engine: QueryEngine,
  query: ReturnType<typeof lakeQuery>,
): AsyncGenerator<readonly ResultRow[]> {
  if (engine.stream === undefined) yield (await engine.query(query)).rows;
  else yield* (await engine.stream(query)).rows();
}

function toPayment(row: ResultRow, tenant: string): RecordedPayment {
  if (row["refund_reason"] != null) return toRefund(row, tenant);
  const facts = objectOf(row["facts"]);
  const features = objectOf(row["features"]);
  const isDecided = row["features"] != null;
  const at = timeOf(row["event_time"]);
  const subject: PaymentSubject = {
    readings: readingsOf(features, facts),
    id: text(row["id"]) ?? "",
    tenant,
    time: at,
    amount: Number(isDecided ? (features["amount"] ?? Number.NaN) : (row["failed_amount"] ?? 0)),
    failed: isDecided ? facts["payment.failed"] === true : true,
    ...given("currency", row["currency"]),
    ...given("orderId", row["order_id"]),
    ...given("customerId", row["customer_id"]),
    ...given("country", row["country"]),
    ...given("cardId", facts["card.id"] ?? row["card_id"]),
    ...given("cardCountry", facts["card.country"] ?? row["card_country"]),
    ...given("deviceId", facts["device.id"] ?? row["device_id"]),
    ...given("ip", facts["ip.address"] ?? row["ip"]),
  };
  const arrivedAt = timeOf(row["arrival_time"]);
  const arrival = { tenant, id: subject.id, at, arrivedAt, subject };
  return isDecided ? { arrival, seen: seenIn(features) } : { arrival };
}

function toRefund(row: ResultRow, tenant: string): RecordedPayment {
  const at = timeOf(row["event_time"]);
  const subject = refundOf({
    id: text(row["id"]) ?? "",
    tenant,
    time: at,
    customerId: text(row["customer_id"]),
    reason: text(row["refund_reason"]),
  });
  const arrivedAt = timeOf(row["arrival_time"]);
  return { arrival: { tenant, id: subject.id, at, arrivedAt, subject } };
}

/** What was not known is not recorded. */
function seenIn(features: Readonly<Record<string, unknown>>): FeatureValues {
  return Object.fromEntries(
    featureNames.map((name) => {
      const value = features[name];
      return [name, typeof value === "number" ? value : Number.NaN];
    }),
  );
}

/** What the signals read then, as it was recorded: the databases they read are not those of today. */
function readingsOf(
  features: Readonly<Record<string, unknown>>,
  facts: Readonly<Record<string, unknown>>,
): Readings {
  return {
    numbers: Object.fromEntries(
      signalNumbers.flatMap((name) => {
        const value = features[name];
        return typeof value === "number" ? [[name, value]] : [];
      }),
    ),
    texts: Object.fromEntries(
      signalTexts.flatMap((name) => {
        const value = text(facts[name]);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    missing: [],
  };
}

function objectOf(json: unknown): Readonly<Record<string, unknown>> {
  const value: unknown = typeof json === "string" ? JSON.parse(json) : {};
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function timeOf(value: unknown): number {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time))
    throw new EcapError("ECAP_INTERNAL", "a row of the lake has no time", { received: value });
  return time;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function given<Key extends keyof Transaction>(
  key: Key,
  value: unknown,
): { readonly [K in Key]?: string } {
  const known = text(value);
  return known === undefined ? {} : ({ [key]: known } as { readonly [K in Key]: string });
}
