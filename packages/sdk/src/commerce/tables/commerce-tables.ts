import type { LakeTable } from "../../lake/lake-table.ts";
import {
  customersTable,
  productEventsTable,
  sessionsTable,
  touchpointsTable,
} from "./behaviour-tables.ts";
import {
  adjustmentsTable,
  campaignSpendTable,
  labelsTable,
  paymentsTable,
  shipmentsTable,
} from "./money-tables.ts";
import { orderLinesTable, ordersTable, refundLinesTable, refundsTable } from "./order-tables.ts";
import { inventoryTable, productsTable } from "./product-tables.ts";

/**
 * The typed tables of the lake. Net revenue = Σ order_lines.amount − Σ refund_lines.amount + Σ adjustments.amount, each at its own time; units
 * and product rankings count `line_type = 'product'`.
 */
export const commerceTables: readonly LakeTable[] = [
  ordersTable,
  orderLinesTable,
  refundsTable,
  refundLinesTable,
  paymentsTable,
  adjustmentsTable,
  shipmentsTable,
  sessionsTable,
  touchpointsTable,
  productEventsTable,
  customersTable,
  productsTable,
  inventoryTable,
  campaignSpendTable,
  labelsTable,
];
