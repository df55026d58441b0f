import type { DataSubject, QueryEngine } from "@ecap/sdk";
import { queryLake } from "@ecap/sdk/sql";
import { lake } from "../lake-tables.ts";

const maxRows = 10_000;

/** A person's sessions that are over, newest first. */
export async function sessionsOf(
  engine: QueryEngine,
  { tenant, customerId = "", anonymousId = "" }: DataSubject,
): Promise<readonly object[]> {
  const query = lake
    .selectFrom("session_summaries")
    .selectAll()
    .where((is) =>
      is.or([is("customer_id", "=", customerId), is("anonymous_id", "=", anonymousId)]),
    )
    .orderBy("started_at", "desc")
    .limit(maxRows);
  return (await queryLake(engine, query, { tenant })).rows;
}
