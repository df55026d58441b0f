import { lakeDb } from "@ecap/sdk/sql";

interface Line {
  readonly event_time: string;
  readonly date: string;
  readonly order_id: string | null;
  readonly customer_id: string | null;
  readonly quantity: number;
  readonly price: string | null;
  readonly amount: string;
  readonly currency: string | null;
}

interface SessionSummary {
  readonly started_at: string;
  readonly customer_id: string | null;
  readonly anonymous_id: string | null;
}

export interface LakeTables {
  readonly session_summaries: SessionSummary;
  readonly order_lines: Line;
  readonly refund_lines: Line;
}

export const lake = lakeDb<LakeTables>();
