import { merged } from "../events/merged.ts";
import { parseMoney } from "./money.ts";

/** Data of an event of any type. */
export type Data = Readonly<Record<string, unknown>>;
export interface Normalised {
  readonly data: Data;
  readonly warnings: readonly string[];
}

export interface CommerceOptions {
  /** ISO 4217 code of amounts that name none. Default "USD", as the e-commerce spec has it. */
  readonly currency?: string;
}

const moneyFields = [
  "price",
  "amount",
  "subtotal",
  "revenue",
  "total",
  "value",
  "tax",
  "shipping",
  "discount",
  "cost",
  "compare_at_price",
];
const identifierFields = [
  "product_id",
  "sku",
  "order_id",
  "checkout_id",
  "cart_id",
  "payment_id",
  "refund_id",
  "customer_id",
  "card_id",
  "chargeback_id",
  "adjustment_id",
  "shipment_id",
  "list_id",
  "promotion_id",
  "coupon_id",
  "wishlist_id",
  "review_id",
];
/** Names of v1 of the spec, and what they became. */
const renamed: ReadonlyArray<readonly [from: string, to: string]> = [
  ["id", "product_id"],
  ["orderId", "order_id"],
];

const none: readonly string[] = [];

/** Money as exact decimals, ids as text, the currency in capitals, v1 names as v2 ones. */
export function normaliseFields(
  data: Data,
  { currency = "USD" }: CommerceOptions = {},
): Normalised {
  const result = tidy(data);
  const code = textOf(result["currency"])?.trim().toUpperCase();
  if (code !== undefined && code !== "") result["currency"] = code;
  // An empty currency is none: what is filled in later must find its place free.
  else delete result["currency"];
  if (result["currency"] === undefined && moneyFields.some((field) => result[field] != null))
    result["currency"] = currency;
  if (Array.isArray(data["products"]))
    result["products"] = data["products"].map((line) => tidy(line));
  return { data: result, warnings: none };
}

/** A copy with every known field in its one form. */
export function tidy(data: Data): Record<string, unknown> {
  const result = merged(data);
  for (const [from, to] of renamed) {
    if (result[from] != null && result[to] == null) {
      result[to] = result[from];
      delete result[from];
    }
  }
  for (const field in result) {
    const form = forms.get(field);
    if (form !== undefined) result[field] = form(result[field]);
  }
  return result;
}

const forms = new Map<string, (value: unknown) => unknown>([
  ...identifierFields.map((field) => [field, identifierForm] as const),
  ...moneyFields.map((field) => [field, moneyForm] as const),
  ["quantity", (value) => (typeof value === "string" ? Number(value) : value)],
]);

function identifierForm(value: unknown): unknown {
  return typeof value === "number" ? String(value) : value;
}

function moneyForm(value: unknown): unknown {
  return value == null ? value : (parseMoney(value) ?? value);
}

/** The text of an id, whatever it came as; undefined where there is none. */
export function idText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" ? String(value) : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
