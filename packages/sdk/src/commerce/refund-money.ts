import { merged } from "../events/merged.ts";
import { timeWarnings } from "./instant.ts";
import { addMoney, parseMoney, subtractMoney } from "./money.ts";
import { type CommerceOptions, type Data, type Normalised, normaliseFields } from "./normalise.ts";
import { differ, sumOfLines } from "./order-money.ts";

/**
 * Brings a refund's money to one form: `subtotal` is what goes off revenue (without tax and shipping), `total` what the customer gets back.
 * Amounts and quantities are positive and mean *given back*. A missing subtotal is the lines' sum, or the total without tax and shipping;
 * a refund that says nothing of money keeps nothing, with a warning, since one event alone cannot know what its order was worth.
 */
export function normaliseRefund(data: Data, options?: CommerceOptions): Normalised {
  const { data: refund } = normaliseFields(data, options);
  const warnings: string[] = [...timeWarnings(refund["products"])];
  const extras = addMoney(parseMoney(refund["tax"]) ?? "0", parseMoney(refund["shipping"]) ?? "0");
  const total = parseMoney(refund["total"]);
  const lines = sumOfLines(refund["products"]);
  const subtotal =
    parseMoney(refund["subtotal"]) ??
    lines ??
    (total === undefined ? parseMoney(refund["revenue"]) : subtractMoney(total, extras));
  if (subtotal === undefined) {
    warnings.push("the amount refunded is not stated: neither total, subtotal nor priced products");
    return { data: refund, warnings };
  }
  const sum = addMoney(subtotal, extras);
  if (parseMoney(subtotal) === undefined || parseMoney(sum) === undefined) {
    warnings.push("the sums of the refund are larger or finer than an amount of money can be");
    return { data: refund, warnings };
  }
  if (total !== undefined && differ(total, sum))
    warnings.push(`total ${total} is not subtotal ${subtotal} plus tax and shipping ${extras}`);
  const filled = merged(refund, {
    currency: refund["currency"] ?? options?.currency ?? "USD",
    subtotal,
    total: total ?? sum,
  });
  return { data: filled, warnings };
}
