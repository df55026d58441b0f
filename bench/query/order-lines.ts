import type { Row } from "@ecap/sdk";

export const tenant = "acme";
export const days = 365;
const dayMs = 86_400_000;
export const firstDay = Date.UTC(2025, 0, 1);

const countries = ["GB", "FR", "DE", "IE", "ES", "NL", "US", "PT"];
const channels = ["direct", "organic", "paid", "email", "social"];

/** Lines of a year's orders in time order: four an order, of 200,000 customers, 5,000 products, eight countries and five channels. */
export function orderLines({
  from,
  count,
  total,
}: {
  readonly from: number;
  readonly count: number;
  readonly total: number;
}): Row[] {
  return Array.from({ length: count }, (_, i) => orderLine(from + i, total));
}

/** One line in fifty is given back, ten days later. */
export function refundLines(lines: readonly Row[]): Row[] {
  return lines
    .filter((line) => Number(line["offset"]) % 50 === 7)
    .map((line) => {
      const time = Number(line["event_time"]) + 10 * dayMs;
      return {
        ...line,
        refund_id: `refund-${String(line["offset"])}`,
        event_time: time,
        date: utcDate(time),
      };
    });
}

function orderLine(at: number, total: number): Row {
  const order = Math.floor(at / 4);
  const time = firstDay + Math.floor((order * 4 * days * dayMs) / total);
  const customer = `customer-${(order * 7919) % 200_003}`;
  const product = (at * 31) % 5_000;
  const cents = ((at * 7919) % 20_000) + 100;
  return {
    tenant,
    date: utcDate(time),
    event_id: `01890a5d-ac96-774b-bcce-${String(order).padStart(12, "0")}`,
    event_time: time,
    arrival_time: time + 250,
    topic: "transactions",
    partition: order % 12,
    offset: at,
    order_id: `order-${order}`,
    line_number: at % 4,
    line_type: at % 40 === 0 ? "charge" : "product",
    product_id: `product-${product}`,
    sku: `sku-${product}`,
    name: `White hanging heart, number ${product}`,
    brand: `brand ${product % 50}`,
    category: `category ${product % 40}`,
    variant: null,
    quantity: (at % 5) + 1,
    price: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`,
    amount: `${Math.floor((cents * ((at % 5) + 1)) / 100)}.${String((cents * ((at % 5) + 1)) % 100).padStart(2, "0")}`,
    currency: order % 20 === 0 ? "USD" : "EUR",
    coupon: null,
    country: countries[order % countries.length],
    channel: channels[order % channels.length],
    customer_id: customer,
    anonymous_id: null,
    session_id: `session-${order}`,
    device_id: null,
  };
}

function utcDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
