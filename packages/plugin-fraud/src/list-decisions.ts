import type { QueryEngine } from "@ecap/sdk";
import { lakeDb, queryLake } from "@ecap/sdk/sql";
import type { Outcome } from "./contract.ts";

interface DecisionTables {
  readonly decisions: {
    readonly event_time: string;
    readonly event_id: string;
    readonly transaction_id: string;
    readonly customer_id: string | null;
    readonly outcome: string;
    readonly score: number;
    readonly amount: number | null;
    readonly currency: string | null;
    readonly country: string | null;
    readonly reason_codes: string | null;
  };
}

const lake = lakeDb<DecisionTables>();

export interface DecisionQuery {
  readonly tenant: string;
  readonly limit: number;
  /** Position to begin at. */
  readonly cursor?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly customerId?: string | undefined;
}

/** Decisions that have reached the lake, newest first. */
export async function listDecisions(
  engine: QueryEngine,
  { tenant, limit, cursor, outcome, customerId }: DecisionQuery,
) {
  const offset = Math.max(0, Number.parseInt(cursor ?? "0", 10) || 0);
  const query = lake
    .selectFrom("decisions")
    .selectAll()
    .$if(outcome !== undefined, (q) => q.where("outcome", "=", outcome ?? ""))
    .$if(customerId !== undefined, (q) => q.where("customer_id", "=", customerId ?? ""))
    .orderBy("event_time", "desc")
    .orderBy("event_id", "desc")
    .limit(limit + 1)
    .offset(offset);
  const { rows, asOf, versions, behind } = await queryLake(engine, query, { tenant, fresh: true });
  const items = rows.slice(0, limit).map((row) => ({
    time: row.event_time,
    transactionId: row.transaction_id,
    customerId: row.customer_id,
    outcome: row.outcome,
    score: row.score,
    amount: row.amount,
    currency: row.currency,
    country: row.country,
    reasonCodes: (row.reason_codes ?? "").split(",").filter(Boolean),
  }));
  return {
    tenant,
    asOf: new Date(asOf).toISOString(),
    tables: { ...versions },
    ...(behind !== undefined && { behind: [...behind] }),
    items,
    ...(rows.length > limit && { next: String(offset + limit) }),
  };
}
