import type { EventEnvelope } from "../../events/envelope.ts";
import type { Column, Row } from "../../ports/table-store.ts";
import { createInstantReader } from "../instant.ts";
import { exactUnits, formatUnits, parseMoney, subtractMoney } from "../money.ts";
import { type Data, textOf } from "../normalise.ts";
import { sumOfLines } from "../order-money.ts";
import {
  actorColumns,
  channelCell,
  countryOf,
  id,
  lineAmountCell,
  moneyCell,
  moneyType,
  number,
  text,
} from "./cells.ts";

export const lineColumns: readonly Column[] = [
  { name: "order_id", type: "string" },
  {
    name: "line_number",
    type: "integer",
    nullable: false,
    description: "From 0, unique in its event",
  },
  {
    name: "line_type",
    type: "string",
    nullable: false,
    description:
      "product, charge or adjustment as sent; discount: what the subtotal is below its lines; unitemised: an amount without lines",
  },
  { name: "product_id", type: "string" },
  { name: "sku", type: "string" },
  { name: "name", type: "string" },
  { name: "brand", type: "string" },
  { name: "category", type: "string" },
  { name: "variant", type: "string" },
  { name: "quantity", type: "double", nullable: false },
  { name: "price", type: moneyType },
  {
    name: "amount",
    type: moneyType,
    description: "price × quantity; NULL where that is 10^14 or more",
  },
  { name: "currency", type: "string" },
  { name: "coupon", type: "string" },
  { name: "country", type: "string" },
  { name: "channel", type: "string" },
  ...actorColumns,
];

const readInstant = createInstantReader();

/**
 * The lines of an order or refund, and one more where they do not sum to its subtotal, so that the amounts of an event's rows always sum to its
 * subtotal. A row whose line has a time of its own says so in `event_time`.
 */
export function lineRows(event: EventEnvelope): Row[] {
  const { data, actor } = event;
  const lines = (Array.isArray(data["products"]) ? data["products"] : []) as readonly Data[];
  const orderId = id(data["order_id"]);
  const currency = textOf(data["currency"]) ?? null;
  const country = countryOf(event);
  const channel = channelCell(event);
  const customerId = actor.customerId ?? null;
  const anonymousId = actor.anonymousId ?? null;
  const sessionId = actor.sessionId ?? null;
  const deviceId = actor.deviceId ?? null;

  const rows: Row[] = [];
  const push = (
    line: Data,
    type: string,
    quantity: number,
    price: string | null,
    amount: string | null,
  ) => {
    rows.push({
      event_time: readInstant(line["occurred_at"]),
      order_id: orderId,
      line_number: rows.length,
      line_type: type,
      product_id: id(line["product_id"]) ?? id(line["sku"]),
      sku: id(line["sku"]),
      name: text(line["name"]),
      brand: text(line["brand"]),
      category: text(line["category"]),
      variant: text(line["variant"]),
      quantity,
      price,
      amount,
      currency: textOf(line["currency"]) ?? currency,
      coupon: text(line["coupon"]),
      country,
      channel,
      customer_id: customerId,
      anonymous_id: anonymousId,
      session_id: sessionId,
      device_id: deviceId,
    });
  };
  for (const line of lines) {
    const type = textOf(line["line_type"]) ?? "product";
    push(line, type, number(line["quantity"]) ?? 1, moneyCell(line["price"]), lineAmountCell(line));
  }
  const rest = remainder(data, lines);
  if (rest !== undefined) {
    const kind =
      lines.length === 0 ? "unitemised" : rest.startsWith("-") ? "discount" : "adjustment";
    push({}, kind, 0, null, rest);
  }
  return rows;
}

/** What the subtotal is beyond its lines; undefined where nothing is. */
function remainder(data: Data, lines: readonly Data[]): string | undefined {
  const subtotal = parseMoney(data["subtotal"]);
  if (subtotal === undefined) return undefined;
  const sum = lines.length === 0 ? "0" : sumOfLines(lines);
  const rest = subtractMoney(subtotal, sum ?? sumOfPriced(lines));
  const cell = moneyCell(rest) ?? "0";
  return exactUnits(cell) === 0 ? undefined : cell;
}

function sumOfPriced(lines: readonly Data[]): string {
  const priced = lines.filter((line) => line["price"] != null);
  return sumOfLines(priced) ?? formatUnits(0);
}
