import { derivedId } from "../streams/derived-id.ts";
import type { Condition } from "./alert-rules.ts";
import type { Alert } from "./health.ts";

/** What is kept of a condition from one look to the next. */
export interface BookEntry extends Omit<Condition, "raises" | "forMs"> {
  /** When it began. */
  readonly since: number;
  /** When it became an alert; absent while it may still pass. */
  readonly raisedAt?: number;
  /** Since when it is over, while the alert is still open. */
  readonly overSince?: number;
}

export type AlertBook = Readonly<Record<string, BookEntry>>;

export interface Turn {
  readonly book: AlertBook;
  readonly raised: readonly Alert[];
  readonly resolved: readonly Alert[];
}

/** Conditions kept at most; past it those that came last are left out. */
const maxEntries = 1_000;

/**
 * Takes the book on to the conditions of this moment. A condition becomes an alert at the earliest the second time it is seen, so that its beginning, of
 * which the alert's id is made, is stored before anybody is told: whoever tells it again tells it under the same id. An alert ends when its condition is
 * over for `clearAfterMs`, and a condition that only comes near its limit neither begins nor ends one.
 */
export function turnBook(
  book: AlertBook,
  conditions: readonly Condition[],
  { now, clearAfterMs }: { readonly now: number; readonly clearAfterMs: number },
): Turn {
  const next: Record<string, BookEntry> = {};
  const raised: Alert[] = [];
  const resolved: Alert[] = [];
  const seen = new Set<string>();
  for (const { raises, forMs, ...condition } of conditions) {
    const key = `${condition.kind} ${condition.target}`;
    const known = book[key];
    const isOpen = known?.raisedAt !== undefined;
    if ((!raises && !isOpen) || seen.has(key)) continue;
    if (known === undefined && Object.keys(next).length >= maxEntries) continue;
    seen.add(key);
    const since = known?.since ?? now;
    const isDue = known !== undefined && now - since >= forMs;
    const raisedAt = known?.raisedAt ?? (isDue ? now : undefined);
    const entry = { ...condition, since, ...(raisedAt !== undefined && { raisedAt }) };
    next[key] = entry;
    if (!isOpen && raisedAt !== undefined) raised.push(alertOf(key, entry, raisedAt));
  }
  for (const [key, entry] of Object.entries(book)) {
    const { raisedAt, overSince = now } = entry;
    if (seen.has(key) || raisedAt === undefined) continue;
    if (now - overSince >= clearAfterMs) resolved.push(alertOf(key, entry, raisedAt));
    else next[key] = { ...entry, overSince };
  }
  return { book: next, raised, resolved };
}

/** The alerts that are open. */
export function openAlerts(book: AlertBook): readonly Alert[] {
  return Object.entries(book).flatMap(([key, entry]) =>
    entry.raisedAt === undefined ? [] : [alertOf(key, entry, entry.raisedAt)],
  );
}

function alertOf(key: string, entry: BookEntry, raisedAt: number): Alert {
  const { overSince: _, ...rest } = entry;
  return { ...rest, raisedAt, alertId: derivedId("system-alert", key, entry.since) };
}
