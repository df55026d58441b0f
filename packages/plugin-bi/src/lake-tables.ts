import { lakeDb } from "@ecap/sdk/sql";

/** The columns of the commerce tables that revenue reads. */
interface Line {
  readonly event_time: string;
  readonly date: string;
  readonly order_id: string | null;
  readonly line_type: string;
  readonly product_id: string | null;
  readonly name: string | null;
  readonly quantity: number;
  readonly amount: string;
  readonly currency: string | null;
  readonly country: string | null;
  readonly channel: string | null;
}

interface Adjustment {
  readonly event_time: string;
  readonly date: string;
  readonly amount: string;
  readonly currency: string | null;
}

export interface LakeTables {
  readonly order_lines: Line;
  readonly refund_lines: Line;
  readonly adjustments: Adjustment;
}

export const lake = lakeDb<LakeTables>();
