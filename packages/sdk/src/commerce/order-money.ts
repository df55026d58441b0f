import { merged } from "../events/merged.ts";
import { timeWarnings } from "./instant.ts";
import {
  addMoney,
  compareMoney,
  exactUnits,
  formatUnits,
  multiplyMoney,
  parseMoney,
  subtractMoney,
} from "./money.ts";
import { type CommerceOptions, type Data, type Normalised, normaliseFields } from "./normalise.ts";

/** Sums that differ by less than this are float noise of the sender, not a disagreement. */
const tolerance = "0.005";

/**
 * Brings an order's money to the rules of the e-commerce spec: `subtotal` is after discount and before tax and shipping,
 * `total = subtotal + tax + shipping`, and `revenue` is without tax and shipping. What is missing is filled in; what is there is kept, and a
 * disagreement becomes a warning, since the spec's own examples disagree with its rules. Where statements compete, `subtotal` is believed
 * before `total`, `total` before `revenue`, and `revenue` before the sum of the lines less the discount.
 *
 * @see https://segment.com/docs/connections/spec/ecommerce/v2/#order-completed
 */
export function normaliseOrder(data: Data, options?: CommerceOptions): Normalised {
  const { data: order } = normaliseFields(data, options);
  const warnings: string[] = [...timeWarnings(order["products"])];
  if (order["order_id"] == null || order["order_id"] === "") warnings.push("order_id is missing");
  const tax = parseMoney(order["tax"]) ?? "0";
  const shipping = parseMoney(order["shipping"]) ?? "0";
  const discount = parseMoney(order["discount"]) ?? "0";
  const extras = addMoney(tax, shipping);
  const total = parseMoney(order["total"]);
  const revenue = parseMoney(order["revenue"]);
  const lines = sumOfLines(order["products"]);
  const net = lines === undefined ? undefined : subtractMoney(lines, discount);
  const stated =
    parseMoney(order["subtotal"]) ??
    (total === undefined ? undefined : subtractMoney(total, extras)) ??
    revenue;
  const subtotal = stated ?? net;
  if (subtotal === undefined) return { data: order, warnings };
  const sum = addMoney(subtotal, extras);
  if (parseMoney(subtotal) === undefined || parseMoney(sum) === undefined) {
    warnings.push("the sums of the order are larger or finer than an amount of money can be");
    return { data: order, warnings };
  }

  if (stated !== undefined && net !== undefined && differ(stated, net))
    warnings.push(`subtotal ${stated} is not the lines ${lines} less discount ${discount}`);
  if (total !== undefined && differ(total, sum))
    warnings.push(
      `total ${total} is not subtotal ${subtotal} plus tax ${tax} plus shipping ${shipping}`,
    );
  if (revenue !== undefined && differ(revenue, subtotal))
    warnings.push(`revenue ${revenue} is not subtotal ${subtotal}`);
  const filled = merged(order, {
    currency: order["currency"] ?? options?.currency ?? "USD",
    subtotal,
    revenue: revenue ?? subtotal,
    total: total ?? sum,
  });
  return { data: filled, warnings };
}

/** Σ price × quantity over the lines, exactly; a missing quantity is 1. Undefined where there are no lines, or one has no price. */
export function sumOfLines(lines: unknown): string | undefined {
  if (!Array.isArray(lines) || lines.length === 0) return undefined;
  let units = 0;
  for (const line of lines as readonly Data[]) {
    if (line["price"] == null) return undefined;
    const quantity = quantityOf(line);
    units += Number.isInteger(quantity) ? exactUnits(line["price"]) * quantity : Number.NaN;
  }
  if (Number.isSafeInteger(units)) return parseMoney(formatUnits(units));
  return (lines as readonly Data[]).reduce(
    (sum, line) => addMoney(sum, exactLineAmount(line)),
    "0",
  );
}

/** How many of the product; 1 where the line does not say. */
export function quantityOf(line: Data): number {
  const quantity = line["quantity"];
  if (typeof quantity === "number") return quantity;
  return quantity == null || quantity === "" ? 1 : Number(quantity);
}

export function exactLineAmount(line: Data): string {
  const price = parseMoney(line["price"]) ?? "0";
  return multiplyMoney(price, parseMoney(quantityOf(line)) ?? "0");
}

/** Whether two amounts differ by more than float noise. */
export function differ(left: string, right: string): boolean {
  const difference = subtractMoney(left, right);
  const size = difference.startsWith("-") ? difference.slice(1) : difference;
  return compareMoney(size, tolerance) >= 0;
}
