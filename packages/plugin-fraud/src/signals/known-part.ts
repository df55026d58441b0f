import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { isCalendarTime } from "@ecap/sdk";
import type { Transaction } from "../contract.ts";

const dayMs = 86_400_000;
const textLimit = 4_096;
const idLimit = 200;
const largestAmount = 1e12;
const currencies = new Set(Intl.supportedValuesOf("currency"));

const texts = [
  "tenant",
  "orderId",
  "customerId",
  "cardId",
  "deviceId",
  "merchantId",
  "sellerId",
  "country",
  "cardCountry",
  "email",
  "phone",
  "name",
  "billingCountry",
  "shippingCountry",
  "cardBin",
] as const;

/**
 * The payment with what of it can be used; what was given and cannot be is left out and named, for a decision is made of every payment. A time that is
 * none, or more than a day ahead, is that of the decision.
 */
export function knownPart(
  given: Transaction,
  now: number,
): { readonly payment: Transaction & { readonly time: number }; readonly missing: string[] } {
  const missing: string[] = [];
  const payment: Record<string, unknown> = { ...given };
  const drop = (name: string, why: string): void => {
    delete payment[name];
    missing.push(`${name}: ${why}`);
  };
  for (const name of texts) {
    const value: unknown = payment[name];
    if (value == null || value === "") delete payment[name];
    else if (typeof value !== "string") drop(name, "no text");
    else if (value.length > textLimit) payment[name] = value.slice(0, textLimit);
  }
  const { id, amount, time, ip, currency, failed }: Readonly<Record<string, unknown>> = {
    ...given,
  };
  if (typeof id !== "string" || id === "") {
    drop("id", "no text");
    payment["id"] = randomUUID();
  } else if (id.length > idLimit) payment["id"] = id.slice(0, idLimit);
  if (typeof amount !== "number" || !(Math.abs(amount) <= largestAmount)) {
    drop("amount", "no number, or an absurd one");
    payment["amount"] = Number.NaN;
  }
  if (time === undefined || !isUsableTime(time, now)) {
    if (time !== undefined) drop("time", "no time, or one in the future or an age ago");
    payment["time"] = now;
  }
  if (ip == null) delete payment["ip"];
  else if (typeof ip !== "string" || isIP(ip) === 0) drop("ip", "no address");
  if (currency == null) delete payment["currency"];
  else if (typeof currency !== "string" || !currencies.has(currency)) drop("currency", "unknown");
  if (failed != null && typeof failed !== "boolean") drop("failed", "neither true nor false");
  for (const name of ["device", "session"] as const) {
    const value: unknown = payment[name];
    if (value == null) delete payment[name];
    else if (typeof value !== "object" || Array.isArray(value)) drop(name, "no object");
  }
  // Every member was looked at above.
  return { payment: payment as unknown as Transaction & { readonly time: number }, missing };
}

function isUsableTime(time: unknown, now: number): boolean {
  return typeof time === "number" && isCalendarTime(time) && time <= now + dayMs;
}
