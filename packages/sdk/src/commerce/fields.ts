import { z } from "zod";
import { moneyLimit, moneyPattern } from "./money.ts";

/**
 * The building blocks of the catalogue's schemas. They are as lenient as the senders: numbers may come as text, ids as numbers, and what is
 * optional may be null. Normalising brings them to one form. No transforms, so that a validator compiled from the JSON Schema is equal to zod.
 */

const number = z.number().gt(-moneyLimit).lt(moneyLimit);
const numberText = z.string().regex(moneyPattern);

export const text = z.string().nullish();
export const flag = z.boolean().nullish();
/** A finite number or the text of one. */
export const numeric = z.union([number, numberText, z.null()]).optional();
export const requiredNumeric = z.union([number, numberText]);
/** An amount of money in major units of the event's currency; exact decimal text once normalised. */
export const money = numeric;
export const requiredMoney = requiredNumeric;
/** Text once normalised. */
export const identifier = z.union([z.string(), z.number(), z.null()]).optional();
export const requiredIdentifier = z.union([z.string().min(1), z.number()]);
/** RFC 3339 text, or epoch milliseconds. */
export const instant = z.union([z.string(), z.number(), z.null()]).optional();

/** What the e-commerce spec says of a product wherever one is named; `id` is its v1 name. */
export const productFields = {
  product_id: identifier,
  id: identifier,
  sku: identifier,
  category: text,
  name: text,
  brand: text,
  variant: text,
  price: money,
  quantity: numeric,
  coupon: text,
  position: numeric,
  url: text,
  image_url: text,
};

/** A product in a list, cart or order. */
export const product = z.looseObject(productFields);

/** A line of an order or refund: the spec's product, and what ECAP adds to it. */
export const orderLine = z.looseObject({
  ...productFields,
  /** product (default); charge: postage, fees and the like; adjustment: a correction that is neither. */
  line_type: z.enum(["product", "charge", "adjustment"]).nullish(),
  /** When this line happened, where it differs from its event. */
  occurred_at: instant,
  currency: text,
});

/** Lines in one event. */
export const maxLines = 10_000;
export const products = z.array(product).max(maxLines).nullish();
export const orderLines = z.array(orderLine).max(maxLines).nullish();

/** The money of an order, in the words of the spec. */
export const orderMoneyFields = {
  /** Products after discount, before tax and shipping. */
  subtotal: money,
  /** Without tax and shipping. */
  revenue: money,
  /** subtotal + tax + shipping. */
  total: money,
  value: money,
  tax: money,
  shipping: money,
  discount: money,
  currency: text,
};
