import type { EventEnvelope } from "@ecap/sdk";
import type { Transaction } from "./contract.ts";
import type { PaymentSubject } from "./signals/signal.ts";

/** Payment events that count for velocity; a decision is made on those that did not fail. */
export const assessedEvents = ["payment.authorised", "payment.failed"];

/** Events of money that went back, which count for the customer's history. */
export const refundEvents = ["order.refunded", "refund.created"];

/** The payment an event of the log speaks of. */
export function toTransaction({
  id,
  tenant,
  time,
  type,
  data,
  actor,
  context,
}: EventEnvelope): Transaction & { readonly time: number } {
  const deliveredTo = text(data["country"]);
  return {
    id: text(data["payment_id"]) ?? id,
    tenant,
    time,
    amount: Number(data["amount"] ?? 0),
    ...given("currency", text(data["currency"])),
    ...given("orderId", text(data["order_id"])),
    ...given("customerId", actor.customerId),
    ...given("cardId", text(data["card_id"])),
    ...given("deviceId", actor.deviceId),
    ...given("ip", context.ip),
    // Of an order the country is where it goes; where the payer is, the address says.
    ...given("country", context.geo?.country ?? deliveredTo),
    ...given("shippingCountry", deliveredTo),
    ...given("cardCountry", text(data["card_country"])),
    ...given("merchantId", text(data["merchant_id"])),
    ...given("sellerId", text(data["seller_id"])),
    failed: type === "payment.failed",
  };
}

/** The refund an event of the log speaks of. */
export function toRefund({ id, tenant, time, data, actor }: EventEnvelope) {
  return refundOf({
    id: text(data["refund_id"]) ?? id,
    tenant,
    time,
    customerId: actor.customerId,
    reason: text(data["reason"]),
  });
}

/** A refund as features count it; its id is never that of a payment. */
export function refundOf(refund: {
  readonly id: string;
  readonly tenant: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly customerId: string | undefined;
  readonly reason: string | undefined;
}): PaymentSubject & { readonly time: number } {
  const { id, tenant, time, customerId, reason } = refund;
  return {
    id: `refund/${id}`,
    tenant,
    time,
    amount: Number.NaN,
    ...given("customerId", customerId),
    refund: { claimed: saysNothingCame(reason) },
  };
}

/** As in "item not received", "never arrived", "ITEM_NOT_RECEIVED" and "lost in the post". */
function saysNothingCame(reason = ""): boolean {
  const words = reason
    .slice(0, 200)
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, " ");
  return /\b(?:not|never|non) (?:been )?(?:receive|receipt|arrive|deliver|came)|\blost\b/.test(
    words,
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function given<Key extends string>(
  key: Key,
  value: string | undefined,
): { readonly [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string });
}
