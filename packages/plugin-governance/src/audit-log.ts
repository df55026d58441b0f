import type { QueryEngine } from "@ecap/sdk";
import { lakeDb, queryLake } from "@ecap/sdk/sql";
import type { AuditQuery, RecordedAuditEntry } from "./contract.ts";

interface AuditTables {
  readonly audit_log: {
    readonly event_id: string;
    readonly event_time: string;
    readonly actor: string;
    readonly action: string;
    readonly target: string;
    readonly outcome: "success" | "refused" | "failed";
    readonly details: string | null;
  };
}

const lake = lakeDb<AuditTables>();

export async function readAuditLog(
  engine: QueryEngine,
  { tenant, actor, action, limit, offset }: AuditQuery,
): Promise<readonly RecordedAuditEntry[]> {
  const query = lake
    .selectFrom("audit_log")
    .selectAll()
    .$if(actor !== undefined, (q) => q.where("actor", "=", actor ?? ""))
    .$if(action !== undefined, (q) => q.where("action", "=", action ?? ""))
    .orderBy("event_time", "desc")
    .orderBy("event_id", "desc")
    .limit(limit)
    .offset(offset);
  const { rows } = await queryLake(engine, query, { tenant });
  return rows.map((row) => ({
    id: row.event_id,
    time: row.event_time,
    tenant,
    actor: row.actor,
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    ...(row.details !== null && { details: JSON.parse(row.details) as Record<string, string> }),
  }));
}
