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

export interface LakeTables {
  readonly order_lines: Line;
  readonly refund_lines: Line;
}

export const lake = lakeDb<LakeTables>();
