import type { Amount, LiveEvent } from "../../api/answers.ts";

export const outcomes = ["approve", "challenge", "review", "decline"] as const;
export type Outcome = (typeof outcomes)[number];

export interface Money {
  readonly amount: Amount;
  readonly currency: string | null;
}

export interface LiveOrder {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly order: string;
  readonly total: Money | undefined;
  readonly items: number;
  readonly country: string | undefined;
}

export interface LiveDecision {
  readonly id: string;
  readonly time: number;
  readonly transaction: string;
  readonly outcome: Outcome | undefined;
  readonly score: number | undefined;
  readonly amount: Money | undefined;
  readonly country: string | undefined;
  readonly reasons: ReadonlyArray<{ readonly code: string; readonly detail: string }>;
  /** The model was not asked, so that rules alone decided. */
  readonly isDegraded: boolean;
}

/** What an order's event says; nothing of it is taken for granted, since shops send what they like. */
export function toLiveOrder({ id, time, country, data }: LiveEvent): LiveOrder {
  const products = Array.isArray(data["products"]) ? data["products"] : [];
  return {
    id,
    time: Date.parse(time),
    order: text(data["order_id"]) ?? id,
    total: money(data["total"] ?? data["revenue"] ?? data["value"], data["currency"]),
    items: products.reduce(
      (sum: number, product: unknown) => sum + (Number(field(product, "quantity") ?? 1) || 0),
      0,
    ),
    country: text(data["country"]) ?? country,
  };
}

export function toLiveDecision({ id, time, country, data }: LiveEvent): LiveDecision {
  const reasons = Array.isArray(data["reasons"]) ? data["reasons"] : [];
  return {
    id,
    time: Date.parse(time),
    transaction: text(data["transaction_id"]) ?? id,
    outcome: outcomes.find((outcome) => outcome === data["outcome"]),
    score: typeof data["score"] === "number" ? data["score"] : undefined,
    amount: money(data["amount"], data["currency"]),
    country,
    reasons: reasons.map((reason: unknown) => ({
      code: text(field(reason, "code")) ?? "UNKNOWN",
      detail: text(field(reason, "detail")) ?? "",
    })),
    isDegraded: typeof data["degraded"] === "string",
  };
}

/** Topics have partitions, each in its own order, and a record may come twice. */
export function newestFirst<Entry extends { readonly id: string; readonly time: number }>(
  entries: readonly Entry[],
): readonly Entry[] {
  const distinct = new Map(entries.map((entry) => [entry.id, entry]));
  return [...distinct.values()].toSorted((a, b) => b.time - a.time);
}

function money(value: unknown, currency: unknown): Money | undefined {
  const amount = typeof value === "number" ? String(value) : text(value);
  if (amount === undefined || !Number.isFinite(Number(amount))) return undefined;
  const code = text(currency);
  return {
    amount: amount as Amount,
    currency: code !== undefined && /^[A-Z]{3}$/.test(code) ? code : null,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
