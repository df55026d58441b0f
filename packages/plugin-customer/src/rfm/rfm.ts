import type { QueryEngine } from "@ecap/sdk";
import { lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { CustomerService, RfmRequest } from "../contract.ts";
import { lake } from "../lake-tables.ts";
import { scoreRfm } from "./score.ts";
import { segmentOf } from "./segment.ts";

const dayMs = 86_400_000;
const maxCustomers = 2_000_000;

/**
 * Recency, frequency and monetary value of every customer with an order up to the analysis day, scored against all others. Refunds do not change them.
 * Currencies are never added up: the monetary value is in one, the one most customers paid in unless another is asked for.
 */
export async function rfm(
  engine: QueryEngine,
  { tenant, at, currency, bins = 5, binning = "quantile" }: RfmRequest & { readonly at: number },
): ReturnType<CustomerService["rfm"]> {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom("order_lines")
    .where("customer_id", "is not", null)
    .where((eb) =>
      fn.inTimes(eb.ref("date"), eb.ref("event_time"), { from: 0, to: startOfDay(at) + dayMs }),
    )
    .groupBy(["customer_id", "currency"])
    .select((eb) => [
      "customer_id",
      "currency",
      fn.toDate(eb.fn.max("event_time")).as("last_order"),
      fn.countDistinct(eb.ref("order_id")).as("frequency"),
      fn.sum0(eb.ref("amount")).as("amount"),
    ])
    .orderBy("customer_id");
  const { rows, asOf, versions, behind } = await queryLake(engine, query, {
    tenant,
    fresh: true,
    maxRows: maxCustomers,
  });
  const chosen = currency ?? mostCommon(rows.map((row) => row.currency));
  const values = [...byCustomer(rows)].map(([customerId, own]) => {
    const lastOrder = own.map((row) => row.last_order).reduce((a, b) => (a > b ? a : b));
    const amount = own.find((row) => row.currency === chosen)?.amount ?? "0";
    return {
      customerId,
      lastOrder,
      amount,
      recencyDays: Math.round((startOfDay(at) - Date.parse(lastOrder)) / dayMs),
      frequency: own.reduce((sum, row) => sum + row.frequency, 0),
      monetary: Number(amount),
    };
  });
  const customers = scoreRfm(values, { bins, binning }).map((customer) => ({
    ...customer,
    segment: segmentOf(inFive(customer, bins)),
  }));
  return {
    customers,
    currency: chosen,
    asOf,
    versions,
    ...(behind !== undefined && { behind }),
  };
}

function byCustomer<Row extends { readonly customer_id: string | null }>(
  rows: readonly Row[],
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.customer_id ?? "");
    if (group === undefined) groups.set(row.customer_id ?? "", [row]);
    else group.push(row);
  }
  return groups;
}

/** The value that comes most often; of several the first in order. */
function mostCommon(values: ReadonlyArray<string | null>): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) {
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, x], [b, y]) => y - x || a.localeCompare(b))[0]?.[0];
}

/** Segments are told by scores of five bins; others are brought to them. */
function inFive<
  Scores extends { recencyScore: number; frequencyScore: number; monetaryScore: number },
>(scores: Scores, bins: number): Scores {
  const scale = (score: number): number => Math.ceil((score * 5) / bins);
  return {
    ...scores,
    recencyScore: scale(scores.recencyScore),
    frequencyScore: scale(scores.frequencyScore),
    monetaryScore: scale(scores.monetaryScore),
  };
}

function startOfDay(time: number): number {
  return Math.floor(time / dayMs) * dayMs;
}
