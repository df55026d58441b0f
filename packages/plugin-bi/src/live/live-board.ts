import type { EventEnvelope, LiveBoard } from "@ecap/sdk";
import { addMoney, compareMoney, parseMoney } from "@ecap/sdk/commerce";
import {
  type LiveDimension,
  type LiveKey,
  liveOrders,
  liveTopic,
  liveVisits,
  parseLiveKey,
} from "./live-events.ts";

export interface LiveFigures {
  readonly orders: number;
  /** Exact decimal. */
  readonly revenue: string;
}

export interface LiveMetrics {
  /** The currency with the most orders of the last hour; the others are left out. */
  readonly currency: string | undefined;
  /** The last sixty minutes, oldest first; `start` is RFC 3339. */
  readonly minutes: ReadonlyArray<LiveFigures & { readonly start: string }>;
  readonly countries: ReadonlyArray<LiveFigures & { readonly value: string }>;
  readonly channels: ReadonlyArray<LiveFigures & { readonly value: string }>;
  readonly products: ReadonlyArray<LiveFigures & { readonly value: string }>;
  /** Orders by sessions since `since`; undefined where there was no session. */
  readonly conversion:
    | {
        readonly since: string;
        readonly orders: number;
        readonly sessions: number;
        readonly rate: number;
      }
    | undefined;
}

interface Share extends LiveKey {
  readonly start: number;
  readonly orders: number;
  readonly revenue: string;
  readonly sessions: number;
}

const minuteMs = 60_000;
const keptMs = 60 * minuteMs;
/** Shares kept of a tenant. Past it the oldest are forgotten. */
const maxShares = 50_000;
const shownRows = 10;

/** Folds the shares of open and closed windows; the newest of each share counts. */
export function liveBoard(): LiveBoard {
  const tenants = new Map<string, Map<string, Share>>();
  return {
    topics: [liveTopic],
    take(event) {
      if (event.type !== liveOrders.type && event.type !== liveVisits.type) return;
      const shares = tenants.get(event.tenant) ?? new Map<string, Share>();
      tenants.set(event.tenant, shares);
      const { key, windowStart, partition } = event.data;
      const name = JSON.stringify([event.type, partition, windowStart, key]);
      shares.delete(name);
      shares.set(name, shareOf(event));
      if (shares.size <= maxShares) return;
      const [oldest] = shares.keys();
      if (oldest !== undefined) shares.delete(oldest);
    },
    snapshot({ tenant, now }): LiveMetrics {
      const shares = tenants.get(tenant) ?? new Map<string, Share>();
      for (const [name, { start }] of shares) if (start < now - keptMs) shares.delete(name);
      const all = [...shares.values()];
      const currency = busiestCurrency(all);
      const orders = all.filter((share) => share.sessions === 0 && share.currency === currency);
      const top = (by: LiveDimension) => ranked(orders.filter((share) => share.by === by));
      const whole = orders.filter(({ by }) => by === "all");
      return {
        currency,
        minutes: minutesOf(whole, now),
        countries: top("country"),
        channels: top("channel"),
        products: top("product"),
        conversion: conversionOf(all, now),
      };
    },
  };
}

function shareOf({ data }: EventEnvelope): Share {
  return {
    ...parseLiveKey(String(data["key"])),
    start: Number(data["windowStart"]),
    orders: Number(data["orders"] ?? 0),
    revenue: parseMoney(data["revenue"]) ?? "0",
    sessions: Number(data["sessions"] ?? 0),
  };
}

function busiestCurrency(shares: readonly Share[]): string | undefined {
  const orders = new Map<string, number>();
  for (const { by, currency, orders: count } of shares) {
    if (by === "all" && count > 0) orders.set(currency, (orders.get(currency) ?? 0) + count);
  }
  return [...orders].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

function minutesOf(shares: readonly Share[], now: number): LiveMetrics["minutes"] {
  const newest = Math.floor(now / minuteMs) * minuteMs;
  return Array.from({ length: 60 }, (_, i) => {
    const start = newest - (59 - i) * minuteMs;
    const figures = added(shares.filter((share) => share.start === start));
    return { start: new Date(start).toISOString(), ...figures };
  });
}

function ranked(shares: readonly Share[]): LiveMetrics["countries"] {
  const byValue = new Map<string, Share[]>();
  for (const share of shares)
    byValue.set(share.value, [...(byValue.get(share.value) ?? []), share]);
  return [...byValue]
    .map(([value, members]) => ({ value, ...added(members) }))
    .toSorted((a, b) => compareMoney(b.revenue, a.revenue) || (a.value < b.value ? -1 : 1))
    .slice(0, shownRows);
}

function added(shares: readonly Share[]): LiveFigures {
  return shares.reduce(
    (sum, { orders, revenue }) => ({
      orders: sum.orders + orders,
      revenue: addMoney(sum.revenue, revenue),
    }),
    { orders: 0, revenue: "0" },
  );
}

/** Of the oldest half hour that is not over yet, which has at least a quarter of an hour. */
function conversionOf(shares: readonly Share[], now: number): LiveMetrics["conversion"] {
  const visits = shares.filter(({ by, sessions, start }) => {
    return by === "all" && sessions > 0 && start > now - 30 * minuteMs;
  });
  const since = visits.reduce((least, { start }) => Math.min(least, start), Infinity);
  if (since === Infinity) return undefined;
  const sessions = visits
    .filter(({ start }) => start === since)
    .reduce((sum, share) => sum + share.sessions, 0);
  const orders = shares
    .filter(({ by, start }) => by === "all" && start >= since)
    .reduce((sum, share) => sum + share.orders, 0);
  return { since: new Date(since).toISOString(), orders, sessions, rate: orders / sessions };
}
