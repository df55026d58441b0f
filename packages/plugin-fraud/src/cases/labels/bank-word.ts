import type { EventEnvelope } from "@ecap/sdk";

/**
 * Reasons of a dispute that say nothing of fraud: the cardholder paid, and is not content. By the names that providers give and the codes of the card
 * schemes; whatever is not among them is taken for fraud, as is a chargeback without a reason.
 *
 * @see https://docs.stripe.com/disputes/categories
 */
const otherReasons: ReadonlySet<string> = new Set([
  "credit_not_processed",
  "duplicate",
  "product_not_received",
  "product_unacceptable",
  "subscription_canceled",
  "insufficient_funds",
  "incorrect_account_details",
  "customer_initiated",
]);
/** Visa: 10 is fraud; 11 authorisation, 12 processing, 13 consumer disputes. @see https://usa.visa.com/dam/VCOM/global/support-legal/documents/merchants-dispute-management-guidelines.pdf */
const otherCodes = /^1[123](\.|$)/;

export function saysFraud(reason: unknown): boolean {
  if (typeof reason !== "string") return true;
  const name = reason
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  return !otherReasons.has(name) && !otherCodes.test(name);
}

/** What a chargeback says of the payment it takes back, as the data of a label; undefined where it says nothing of fraud, or not of what. */
export function labelOfChargeback({
  data,
}: EventEnvelope): Readonly<Record<string, unknown>> | undefined {
  const payment = idOf(data["payment_id"]);
  const order = idOf(data["order_id"]);
  if ((payment === undefined && order === undefined) || !saysFraud(data["reason"]))
    return undefined;
  return {
    ...(payment !== undefined && { payment_id: payment, event_id: `fraud-decision/${payment}` }),
    ...(order !== undefined && { order_id: order }),
    fraud: true,
    verdict: "fraud",
    source: "bank",
  };
}

function idOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
