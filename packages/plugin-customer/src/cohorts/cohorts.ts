import type { QueryEngine } from "@ecap/sdk";
import { type LakeFunctions, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { CohortRequest, CustomerService } from "../contract.ts";
import { lake } from "../lake-tables.ts";
import { toCohorts } from "./retention.ts";

const maxCells = 100_000;

/** Monthly cohorts: customers by the month they were first seen, and how many of them were seen again in each month after. */
export async function cohorts(
  engine: QueryEngine,
  { tenant, metric, from, to }: CohortRequest,
): ReturnType<CustomerService["cohorts"]> {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .with("seen", () => (metric === "active" ? activeMonths(fn) : purchaseMonths(fn)))
    .with("first", (db) =>
      db
        .selectFrom("seen")
        .groupBy("customer_id")
        .select((eb) => ["customer_id", eb.fn.min("month").as("cohort")]),
    )
    .selectFrom("seen")
    .innerJoin("first", "first.customer_id", "seen.customer_id")
    .groupBy(["first.cohort", "seen.month"])
    .select((eb) => [
      "first.cohort",
      "seen.month",
      fn.countDistinct(eb.ref("seen.customer_id")).as("customers"),
      fn.monthsBetween(eb.ref("first.cohort"), eb.ref("seen.month")).as("offset"),
    ]);
  const { rows, asOf, versions, behind } = await queryLake(engine, query, {
    tenant,
    fresh: true,
    maxRows: maxCells,
  });
  const all = toCohorts(
    rows.map(({ cohort, customers, offset }) => ({
      cohort: cohort.slice(0, 7),
      offset,
      customers,
    })),
  );
  const within = all.filter(({ cohort }) => {
    const begins = Date.parse(`${cohort}-01T00:00:00Z`);
    return (
      begins >= (from ?? Number.NEGATIVE_INFINITY) && begins < (to ?? Number.POSITIVE_INFINITY)
    );
  });
  return { cohorts: within, asOf, versions, ...(behind !== undefined && { behind }) };
}

function purchaseMonths(fn: LakeFunctions) {
  return lake
    .selectFrom("order_lines")
    .where("customer_id", "is not", null)
    .where("quantity", ">", 0)
    .where((eb) => eb(fn.toDouble(eb.ref("price")), ">", 0))
    .select((eb) => ["customer_id", fn.truncDate("month", eb.ref("event_time")).as("month")])
    .distinct();
}

function activeMonths(fn: LakeFunctions) {
  const months = (table: "order_lines" | "refund_lines") =>
    lake
      .selectFrom(table)
      .where("customer_id", "is not", null)
      .select((eb) => ["customer_id", fn.truncDate("month", eb.ref("event_time")).as("month")]);
  return months("order_lines").union(months("refund_lines"));
}
