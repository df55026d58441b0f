import type { Migration } from "@ecap/sdk";
import type { CaseState, Resolution } from "./case-life.ts";
import type { EntityKind } from "./case-options.ts";
import type { Verdict } from "./labels/verdicts.ts";

export interface CaseRow {
  tenant: string;
  /** From 1 on, in each tenant. */
  number: number;
  state: CaseState;
  queue: string;
  assignee: string | null;
  resolution: Resolution | null;
  escalated_by: string | null;
  /** Of an API key that escalated: who made it. */
  escalated_made_by: string | null;
  escalated_at: Date | null;
  alerts: number;
  amount: number;
  expected_loss: number;
  /** Null where its payments have several. */
  currency: string | null;
  first_alert_at: Date;
  last_alert_at: Date;
  opened_at: Date;
  due_at: Date;
  /** When a person first did something with it. */
  touched_at: Date | null;
  closed_at: Date | null;
  closed_by: string | null;
  merged_into: number | null;
  /** Grows with every change of the case or of its alerts. */
  version: number;
}

export interface AlertRow {
  tenant: string;
  transaction_id: string;
  case_number: number;
  decision_id: string;
  /** Of the payment. */
  time: Date;
  decided_at: Date;
  outcome: string;
  score: number;
  probability: number;
  amount: number;
  expected_loss: number;
  currency: string | null;
  order_id: string | null;
  customer_id: string | null;
  country: string | null;
  /** JSON: what the decision was made from. */
  evidence: string;
  verdict: Verdict | null;
  verdict_by: string | null;
  verdict_at: Date | null;
}

export interface EntityRow {
  tenant: string;
  kind: EntityKind;
  value: string;
  case_number: number;
  first_seen: Date;
  last_seen: Date;
}

/** What was done with a case; notes are among them. */
export interface CaseEventRow {
  tenant: string;
  case_number: number;
  id: string;
  at: Date;
  by: string;
  action: string;
  /** JSON object. */
  details: string;
}

export interface FileRow {
  tenant: string;
  case_number: number;
  id: string;
  name: string;
  media_type: string;
  bytes: number;
  added_by: string;
  added_at: Date;
}

export interface CaseTables {
  cases: CaseRow;
  case_alerts: AlertRow;
  case_entities: EntityRow;
  case_events: CaseEventRow;
  case_files: FileRow;
}

export const caseMigrations: readonly Migration[] = [
  {
    name: "001-cases",
    async up(db) {
      await db.schema
        .createTable("cases")
        .addColumn("tenant", "text", (column) => column.notNull())
        .addColumn("number", "integer", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("queue", "text", (column) => column.notNull())
        .addColumn("assignee", "text")
        .addColumn("resolution", "text")
        .addColumn("escalated_by", "text")
        .addColumn("escalated_made_by", "text")
        .addColumn("escalated_at", "timestamptz")
        .addColumn("alerts", "integer", (column) => column.notNull())
        .addColumn("amount", "double precision", (column) => column.notNull())
        .addColumn("expected_loss", "double precision", (column) => column.notNull())
        .addColumn("currency", "text")
        .addColumn("first_alert_at", "timestamptz", (column) => column.notNull())
        .addColumn("last_alert_at", "timestamptz", (column) => column.notNull())
        .addColumn("opened_at", "timestamptz", (column) => column.notNull())
        .addColumn("due_at", "timestamptz", (column) => column.notNull())
        .addColumn("touched_at", "timestamptz")
        .addColumn("closed_at", "timestamptz")
        .addColumn("closed_by", "text")
        .addColumn("merged_into", "integer")
        .addColumn("version", "integer", (column) => column.notNull())
        .addPrimaryKeyConstraint("cases_key", ["tenant", "number"])
        .execute();
      await db.schema
        .createIndex("cases_by_priority")
        .on("cases")
        .columns(["tenant", "state", "expected_loss"])
        .execute();
      await db.schema
        .createIndex("cases_by_closing")
        .on("cases")
        .columns(["tenant", "closed_at"])
        .execute();
      await db.schema
        .createTable("case_alerts")
        .addColumn("tenant", "text", (column) => column.notNull())
        .addColumn("transaction_id", "text", (column) => column.notNull())
        .addColumn("case_number", "integer", (column) => column.notNull())
        .addColumn("decision_id", "text", (column) => column.notNull())
        .addColumn("time", "timestamptz", (column) => column.notNull())
        .addColumn("decided_at", "timestamptz", (column) => column.notNull())
        .addColumn("outcome", "text", (column) => column.notNull())
        .addColumn("score", "double precision", (column) => column.notNull())
        .addColumn("probability", "double precision", (column) => column.notNull())
        .addColumn("amount", "double precision", (column) => column.notNull())
        .addColumn("expected_loss", "double precision", (column) => column.notNull())
        .addColumn("currency", "text")
        .addColumn("order_id", "text")
        .addColumn("customer_id", "text")
        .addColumn("country", "text")
        .addColumn("evidence", "text", (column) => column.notNull())
        .addColumn("verdict", "text")
        .addColumn("verdict_by", "text")
        .addColumn("verdict_at", "timestamptz")
        .addPrimaryKeyConstraint("case_alerts_key", ["tenant", "transaction_id"])
        .execute();
      await db.schema
        .createIndex("case_alerts_by_case")
        .on("case_alerts")
        .columns(["tenant", "case_number"])
        .execute();
      await db.schema
        .createTable("case_entities")
        .addColumn("tenant", "text", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addColumn("case_number", "integer", (column) => column.notNull())
        .addColumn("first_seen", "timestamptz", (column) => column.notNull())
        .addColumn("last_seen", "timestamptz", (column) => column.notNull())
        .addPrimaryKeyConstraint("case_entities_key", ["tenant", "kind", "value", "case_number"])
        .execute();
      await db.schema
        .createIndex("case_entities_by_case")
        .on("case_entities")
        .columns(["tenant", "case_number"])
        .execute();
      await db.schema
        .createTable("case_events")
        .addColumn("tenant", "text", (column) => column.notNull())
        .addColumn("case_number", "integer", (column) => column.notNull())
        .addColumn("id", "text", (column) => column.notNull())
        .addColumn("at", "timestamptz", (column) => column.notNull())
        .addColumn("by", "text", (column) => column.notNull())
        .addColumn("action", "text", (column) => column.notNull())
        .addColumn("details", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("case_events_key", ["tenant", "case_number", "id"])
        .execute();
      await db.schema
        .createTable("case_files")
        .addColumn("tenant", "text", (column) => column.notNull())
        .addColumn("case_number", "integer", (column) => column.notNull())
        .addColumn("id", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("media_type", "text", (column) => column.notNull())
        .addColumn("bytes", "integer", (column) => column.notNull())
        .addColumn("added_by", "text", (column) => column.notNull())
        .addColumn("added_at", "timestamptz", (column) => column.notNull())
        .addPrimaryKeyConstraint("case_files_key", ["tenant", "case_number", "id"])
        .execute();
    },
  },
];
