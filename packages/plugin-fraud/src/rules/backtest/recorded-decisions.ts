import type { QueryEngine } from "@ecap/sdk";
import { lakeDb, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import { saysFraud } from "../../cases/labels/bank-word.ts";
import { countedWords } from "../../cases/labels/labelled-decisions.ts";
import { factsFrom } from "../fields.ts";
import type { BacktestRow } from "./backtest-row.ts";

interface Tables {
  readonly decisions: {
    readonly date: string;
    readonly event_time: string;
    readonly event_id: string;
    readonly arrival_time: string;
    readonly transaction_id: string;
    readonly order_id: string | null;
    readonly customer_id: string | null;
    readonly amount: number | null;
    readonly currency: string | null;
    readonly country: string | null;
    readonly model_score: number | null;
    readonly features: string | null;
    readonly facts: string | null;
    readonly rules_version: string | null;
    readonly rules_hash: string | null;
    readonly shadows: string | null;
  };
  readonly payments: {
    readonly payment_id: string | null;
    readonly order_id: string | null;
    readonly status: string;
    readonly reason: string | null;
  };
}

const lake = lakeDb<Tables>();
const hourMs = 3_600_000;
/** Decisions of one read; a period with more of them is read in smaller parts. */
const rowsAtOnce = 50_000;
const firstStepMs = 6 * hourMs;
/** A period that is not read in parts. */
const leastStepMs = 1_000;
/** Most labels, and most chargebacks. */
const knownAtMost = 5_000_000;

export interface RecordedDecisionsQuery {
  readonly tenant: string;
  /** Epoch milliseconds of the payments, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  readonly signal?: AbortSignal;
}

export interface RecordedDecisions {
  readonly rows: AsyncIterable<BacktestRow>;
  /** Tables whose newest events were not counted; complete when the rows have been read. */
  readonly behind: ReadonlySet<string>;
}

/**
 * Decisions in the lake, some hours at a time, with the features they saw; so nothing of the future is in them. Fraud is what is known of the payment
 * or its order by the first of these: a label of the payment, one of the order, a chargeback of the payment, one of the order.
 */
export function recordedDecisions(
  engine: QueryEngine,
  { from, to, ...query }: RecordedDecisionsQuery,
): RecordedDecisions {
  const behind = new Set<string>();
  const read: Read = async (asked, maxRows) => {
    const options = { ...query, fresh: true, maxRows };
    const { rows, behind: tables = [] } = await queryLake(engine, asked, options);
    for (const table of tables) behind.add(table);
    return rows;
  };
  return { rows: rowsOf(engine, read, { from, to, signal: query.signal }), behind };
}

type Read = <Output>(
  query: Parameters<typeof queryLake<Output>>[1],
  maxRows: number,
) => Promise<readonly Output[]>;

async function* rowsOf(
  engine: QueryEngine,
  read: Read,
  { from, to, signal }: Period & { readonly signal: AbortSignal | undefined },
): AsyncGenerator<BacktestRow> {
  const isFraud = await readKnown(read);
  let stepMs = firstStepMs;
  for (let start = from; start < to; ) {
    signal?.throwIfAborted();
    const end = Math.min(to, start + stepMs);
    const rows = await readDecisions(engine, read, { from: start, to: end });
    if (rows.length > rowsAtOnce && stepMs > leastStepMs) {
      stepMs = Math.max(leastStepMs, Math.floor(stepMs / 8));
      continue;
    }
    for (const row of rows) yield { fraud: isFraud(row), ...toRow(row) };
    // Years without a decision must not cost a question for each of their hours.
    if (rows.length < rowsAtOnce / 8) stepMs *= 4;
    start = end;
  }
}

type Period = Pick<RecordedDecisionsQuery, "from" | "to">;
export type DecidedRow = Omit<Tables["decisions"], "date" | "event_id">;

/** What {@link toRow} wants of a decision. */
export const decidedColumns = [
  "event_time",
  "arrival_time",
  "transaction_id",
  "order_id",
  "customer_id",
  "amount",
  "currency",
  "country",
  "model_score",
  "features",
  "facts",
  "rules_version",
  "rules_hash",
  "shadows",
] as const satisfies ReadonlyArray<keyof DecidedRow>;

function readDecisions(
  engine: QueryEngine,
  read: Read,
  period: Period,
): Promise<readonly DecidedRow[]> {
  const limit = period.to - period.from > leastStepMs ? rowsAtOnce + 1 : 1_000_000;
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom("decisions")
    .select(decidedColumns)
    .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), period))
    .orderBy("arrival_time")
    .orderBy("event_id")
    .limit(limit);
  return read(query, limit);
}

/** Whether a payment was fraud; undefined: nothing was heard of it. */
type IsFraud = (payment: Pick<DecidedRow, "transaction_id" | "order_id">) => boolean | undefined;

/** What is known of payments by labels, of which the newest word counts, and by chargebacks that say fraud. */
export async function readKnown(read: Read): Promise<IsFraud> {
  const [ofPayments, ofOrders, chargebacks] = await Promise.all([
    read(countedWords("payment_id"), knownAtMost),
    read(countedWords("order_id"), knownAtMost),
    read(
      lake
        .selectFrom("payments")
        .select(["payment_id", "order_id", "reason"])
        .where("status", "=", "charged_back"),
      knownAtMost,
    ),
  ]);
  const frauds = chargebacks.filter(({ reason }) => saysFraud(reason ?? undefined));
  const payments = byIds(ofPayments);
  const orders = byIds(ofOrders);
  const charged = new Set(frauds.flatMap(({ payment_id }) => payment_id ?? []));
  // One that names a payment says nothing of the others of its order.
  const chargedOrders = new Set(
    frauds.flatMap(({ payment_id, order_id }) => (payment_id === null ? (order_id ?? []) : [])),
  );
  return ({ transaction_id: payment, order_id: order }) =>
    payments.get(payment) ??
    (order === null ? undefined : orders.get(order)) ??
    (charged.has(payment) || (order !== null && chargedOrders.has(order)) || undefined);
}

function byIds(
  words: ReadonlyArray<{ readonly id: string | null; readonly verdict: string | null }>,
): ReadonlyMap<string, boolean> {
  return new Map(words.map(({ id, verdict }) => [id ?? "", verdict === "fraud"]));
}

/** A decision of the lake with the facts its rules saw. */
export function toRow(row: DecidedRow): Omit<BacktestRow, "fraud"> {
  const amount = row.amount ?? 0;
  const facts = {
    "payment.id": row.transaction_id,
    "payment.time": Date.parse(row.event_time),
    "payment.amount": amount,
    "payment.currency": row.currency,
    "payment.country": row.country,
    // Kept among the facts where it is true.
    "payment.failed": false,
    "order.id": row.order_id,
    "customer.id": row.customer_id,
    "model.score": row.model_score,
    ...objectOf(row.facts),
  };
  const features = objectOf(row.features);
  return {
    id: row.transaction_id,
    facts: factsFrom({ facts, features, decidedAt: Date.parse(row.arrival_time) }),
    features,
    amount,
    hashes: hashesOf(row),
  };
}

function hashesOf({ rules_version: rules, rules_hash: hash, shadows }: DecidedRow) {
  const found: Record<string, string> = {};
  if (rules !== null && hash !== null) found[rules] = hash;
  const others: unknown = shadows === null ? [] : JSON.parse(shadows);
  if (Array.isArray(others))
    for (const shadow of others as ReadonlyArray<{ readonly rules: string; readonly hash: string }>)
      found[shadow.rules] = shadow.hash;
  return found;
}

function objectOf(json: string | null): Readonly<Record<string, unknown>> {
  const value: unknown = json === null ? {} : JSON.parse(json);
  return typeof value === "object" && value !== null ? { ...value } : {};
}
