import type { EventEnvelope, NewLogRecord } from "@ecap/sdk";
import { encodeEvent } from "@ecap/sdk";

/** A stream of events that depends on their numbers alone, so that what came of it can be reckoned again. */
export interface Shop {
  /** Event time of number 0, epoch milliseconds. */
  readonly from: number;
  /** Event time from one number to the next. */
  readonly everyMs: number;
  /** Share of events that happened up to a minute before they came. Default 0.03. */
  readonly lateShare?: number;
  /** Share of events that are sent a second time. Default 0.01. */
  readonly repeatShare?: number;
  /** Every so many events, one that cannot be taken. Default none. */
  readonly poisonEvery?: number;
  /** How wrong the clock of a producer is; producers take turns. Default: one, right. */
  readonly skewsMs?: readonly number[];
}

/** What is wrong with a poison message: its bytes, what a step makes of it, or what the `process` step does. */
export const poisons = ["bytes", "map", "process"] as const;
export type Poison = (typeof poisons)[number];

export const customers = Array.from({ length: 60 }, (_, i) => `c${i}`);
const segments = 5;
const jitterMs = 500;
const longestLateMs = 60_000;

export function segmentOf(customer: string): string {
  return `s${Number(customer.slice(1)) % segments}`;
}

export function poisonOf(shop: Shop, number: number): Poison | undefined {
  const { poisonEvery } = shop;
  if (poisonEvery === undefined || number % poisonEvery !== poisonEvery - 1) return undefined;
  return poisons[Math.floor(number / poisonEvery) % poisons.length];
}

export function shopEvent(shop: Shop, number: number): EventEnvelope {
  const { from, everyMs, lateShare = 0.03, repeatShare = 0.01, skewsMs = [0] } = shop;
  if (number > 0 && chance(number, 1) < repeatShare && poisonOf(shop, number) === undefined) {
    return shopEvent(shop, number - 1);
  }
  const poison = poisonOf(shop, number);
  const customerId = customers[Math.floor(chance(number, 2) * customers.length)] ?? "c0";
  const now = from + number * everyMs;
  const isLate = poison === undefined && chance(number, 3) < lateShare;
  const behind = chance(number, 4) * (isLate ? longestLateMs : jitterMs);
  const skew = skewsMs[number % skewsMs.length] ?? 0;
  return {
    id: `e${number}`,
    type: "order.placed",
    source: "shop",
    tenant: "acme",
    time: Math.floor(now - behind + skew),
    receivedAt: Math.floor(now),
    actor: { customerId },
    context: {},
    data: {
      amount: (Math.floor(chance(number, 5) * 10_000) / 100).toFixed(2),
      ...(poison !== undefined && { poison }),
    },
  };
}

export function shopRecord(shop: Shop, number: number): NewLogRecord {
  const record = encodeEvent(shopEvent(shop, number));
  if (poisonOf(shop, number) !== "bytes") return record;
  return { ...record, value: new TextEncoder().encode(`{"id":"e${number}", torn`) };
}

/** A visit that happens now. */
export function visitRecord(number: number): NewLogRecord {
  const now = Date.now();
  return encodeEvent({
    id: `v${number}`,
    type: "page.viewed",
    source: "shop",
    tenant: "acme",
    time: Math.floor(now - chance(number, 6) * jitterMs),
    receivedAt: now,
    actor: { customerId: customers[Math.floor(chance(number, 7) * customers.length)] ?? "c0" },
    context: {},
    data: { amount: "1.00" },
  });
}

/** An event far in the future for a partition, so that all that is open in it closes. */
export function closingRecord(partition: number): NewLogRecord {
  const time = Date.now() + 10 * 365 * 86_400_000;
  const id = `last-${partition}`;
  const event: EventEnvelope = {
    id,
    type: "order.placed",
    source: "shop",
    tenant: "acme",
    time,
    receivedAt: time,
    actor: { customerId: closing },
    context: {},
    data: { amount: "0.00" },
  };
  return { ...encodeEvent(event), partition };
}

/** The customer of the closing events. */
export const closing = "closing";

/** A number of [0, 1) that depends on the two alone. @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function chance(number: number, salt: number): number {
  let mixed = (Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
