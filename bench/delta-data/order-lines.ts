import type { Row, TableSchema } from "@ecap/sdk";

export const orderLinesSchema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "date", type: "date", nullable: false },
    { name: "event_id", type: "string", nullable: false },
    { name: "event_time", type: "timestamp", nullable: false },
    { name: "arrival_time", type: "timestamp", nullable: false },
    { name: "topic", type: "string", nullable: false },
    { name: "partition", type: "integer", nullable: false },
    { name: "offset", type: "long", nullable: false },
    { name: "order_id", type: "string" },
    { name: "line", type: "integer" },
    { name: "product_id", type: "string" },
    { name: "description", type: "string" },
    { name: "category", type: "string" },
    { name: "quantity", type: "integer" },
    { name: "unit_price", type: "decimal(18,4)" },
    { name: "revenue", type: "decimal(18,4)" },
    { name: "currency", type: "string" },
    { name: "customer_id", type: "string" },
    { name: "country", type: "string" },
    { name: "gift", type: "boolean" },
  ],
  partitionBy: ["tenant", "date"],
};

const start = Date.UTC(2025, 0, 1);
const dayMs = 86_400_000;
const days = 300;
const countries = ["United Kingdom", "France", "Germany", "EIRE", "Spain"];

export interface LineRange {
  readonly from: number;
  readonly count: number;
  /** All lines there are, spread over 300 days. */
  readonly total: number;
}

/** Lines of orders in time order. */
export function orderLines({ from, count, total }: LineRange): Row[] {
  return Array.from({ length: count }, (_, i) => orderLine(from + i, total));
}

function orderLine(i: number, total: number): Row {
  const time = start + Math.floor((i / total) * days) * dayMs + (i % 86_000) * 1000;
  const cents = ((i * 7919) % 100_000) + 1;
  return {
    tenant: "acme",
    date: new Date(time).toISOString().slice(0, 10),
    event_id: `01890a5d-ac96-774b-bcce-${String(i).padStart(12, "0")}`,
    event_time: time,
    arrival_time: time + 250,
    topic: "transactions",
    partition: i % 12,
    offset: i,
    order_id: `order-${Math.floor(i / 4)}`,
    line: i % 4,
    product_id: `sku-${(i * 31) % 4000}`,
    description: `WHITE HANGING HEART T-LIGHT HOLDER ${(i * 31) % 4000}`,
    category: `category ${i % 40}`,
    quantity: (i % 12) + 1,
    unit_price: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`,
    revenue: `${cents}.00`,
    currency: "GBP",
    customer_id: i % 9 === 0 ? null : `customer-${(i * 17) % 20_000}`,
    country: countries[i % 5],
    gift: i % 3 === 0,
  };
}
