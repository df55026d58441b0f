import type { QueryEngine } from "@ecap/sdk";
import { lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { CustomerService, RfmRequest } from "../contract.ts";
import { lake } from "../lake-tables.ts";
import { scoreRfm } from "./score.ts";
import { segmentOf } from "./segment.ts";

const dayMs = 86_400_000;
const maxCustomers = 2_000_000;

/** Recency, frequency and monetary value of every customer with an order up to the analysis day, scored against all others. Refunds do not change them. */
export async function rfm(
  engine: QueryEngine,
  { tenant, at, bins = 5, binning = "quantile" }: RfmRequest & { readonly at: number },
): ReturnType<CustomerService["rfm"]> {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom("order_lines")
    .where("customer_id", "is not", null)
    .where((eb) =>
      fn.inTimes(eb.ref("date"), eb.ref("event_time"), { from: 0, to: startOfDay(at) + dayMs }),
    )
    .groupBy("customer_id")
    .select((eb) => [
      "customer_id",
      fn.toDate(eb.fn.max("event_time")).as("last_order"),
      fn.countDistinct(eb.ref("order_id")).as("frequency"),
      fn.sum0(eb.ref("amount")).as("amount"),
    ])
    .orderBy("customer_id");
  const { rows, asOf, versions } = await queryLake(engine, query, {
    tenant,
    maxRows: maxCustomers,
  });
  const values = rows.map(({ customer_id, last_order, frequency, amount }) => ({
    customerId: customer_id ?? "",
    lastOrder: last_order,
    amount,
    recencyDays: Math.round((startOfDay(at) - Date.parse(last_order)) / dayMs),
    frequency,
    monetary: Number(amount),
  }));
  const customers = scoreRfm(values, { bins, binning }).map((customer) => ({
    ...customer,
    segment: segmentOf(inFive(customer, bins)),
  }));
  return { customers, asOf, versions };
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
