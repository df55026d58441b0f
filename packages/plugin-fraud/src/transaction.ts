import type { EventEnvelope } from "@ecap/sdk";
import type { Transaction } from "./contract.ts";

/** Payment events that count for velocity; a decision is made on those that did not fail. */
export const assessedEvents = ["payment.authorised", "payment.failed"];

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
  const country = text(data["country"]) ?? context.geo?.country;
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
    ...given("country", country),
    ...given("cardCountry", text(data["card_country"])),
    failed: type === "payment.failed",
  };
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
