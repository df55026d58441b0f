import { defineLakeTable } from "../../lake/lake-table.ts";
import {
  actorCells,
  actorColumns,
  channelCell,
  countryOf,
  id,
  moneyCell,
  moneyType,
  text,
} from "./cells.ts";
import { lineColumns, lineRows } from "./line-rows.ts";

const topic = "transactions";

/** One row a completed or updated order. Sales count from `order_lines`; this is the order's head. */
export const ordersTable = defineLakeTable({
  name: "orders",
  description: "Orders as they were completed, and each later state of them",
  columns: [
    { name: "order_id", type: "string" },
    { name: "status", type: "string", nullable: false, description: "completed or updated" },
    { name: "subtotal", type: moneyType, description: "After discount, before tax and shipping" },
    { name: "tax", type: moneyType },
    { name: "shipping", type: moneyType },
    { name: "discount", type: moneyType },
    { name: "total", type: moneyType, description: "subtotal + tax + shipping" },
    { name: "currency", type: "string" },
    { name: "line_count", type: "integer", nullable: false },
    { name: "coupon", type: "string" },
    { name: "payment_method", type: "string" },
    { name: "affiliation", type: "string" },
    { name: "campaign", type: "string" },
    { name: "country", type: "string" },
    { name: "channel", type: "string" },
    ...actorColumns,
  ],
  from: [{ topic, types: ["order.completed", "order.updated"] }],
  rows(event) {
    const { data } = event;
    return [
      {
        order_id: id(data["order_id"]),
        status: event.type === "order.updated" ? "updated" : "completed",
        subtotal: moneyCell(data["subtotal"]),
        tax: moneyCell(data["tax"]),
        shipping: moneyCell(data["shipping"]),
        discount: moneyCell(data["discount"]),
        total: moneyCell(data["total"]),
        currency: text(data["currency"]),
        line_count: Array.isArray(data["products"]) ? data["products"].length : 0,
        coupon: text(data["coupon"]),
        payment_method: text(data["payment_method"]),
        affiliation: text(data["affiliation"]),
        campaign: text(event.context.campaign?.name),
        country: countryOf(event),
        channel: channelCell(event),
        ...actorCells(event),
      },
    ];
  },
});

/** Gross sales: the amounts of an order's rows sum to its subtotal. */
export const orderLinesTable = defineLakeTable({
  name: "order_lines",
  description: "Lines of completed orders, each at its own time",
  columns: lineColumns,
  from: [{ topic, types: ["order.completed"] }],
  rows: lineRows,
});

const refundTypes = ["order.refunded", "order.cancelled", "refund.created"];

export const refundsTable = defineLakeTable({
  name: "refunds",
  description: "Money given back, cancelled orders among it; amounts are positive",
  columns: [
    { name: "refund_id", type: "string", nullable: false },
    {
      name: "order_id",
      type: "string",
      description: "NULL where the back office does not know it",
    },
    { name: "kind", type: "string", nullable: false, description: "refund or cancellation" },
    {
      name: "amount",
      type: moneyType,
      description: "What goes off revenue: without tax and shipping",
    },
    { name: "total", type: moneyType, description: "What the customer got back" },
    { name: "currency", type: "string" },
    { name: "reason", type: "string" },
    { name: "country", type: "string" },
    { name: "channel", type: "string" },
    ...actorColumns,
  ],
  from: [{ topic, types: refundTypes }],
  rows(event) {
    const { data } = event;
    return [
      {
        refund_id: id(data["refund_id"]) ?? event.id,
        order_id: id(data["order_id"]),
        kind: event.type === "order.cancelled" ? "cancellation" : "refund",
        amount: moneyCell(data["subtotal"]),
        total: moneyCell(data["total"]),
        currency: text(data["currency"]),
        reason: text(data["reason"]),
        country: countryOf(event),
        channel: channelCell(event),
        ...actorCells(event),
      },
    ];
  },
});

/** What goes off gross sales: quantities and amounts are positive, and a refund's rows sum to its amount. */
export const refundLinesTable = defineLakeTable({
  name: "refund_lines",
  description:
    "Lines of refunds and cancelled orders, each at its own time; quantities and amounts are positive",
  columns: [{ name: "refund_id", type: "string", nullable: false }, ...lineColumns],
  from: [{ topic, types: refundTypes }],
  rows(event) {
    const refundId = id(event.data["refund_id"]) ?? event.id;
    return lineRows(event).map((row) => ({ refund_id: refundId, ...row }));
  },
});
