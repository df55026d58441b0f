import type { Alert } from "./alert.ts";
import type { CaseOptions } from "./case-options.ts";
import type { CaseRow } from "./case-tables.ts";
import { absorb, add, entityKey, type OpenCase } from "./correlate.ts";

/** A case in memory while a batch is put into cases. */
export interface WorkingCase extends OpenCase {
  row: CaseRow;
  isNew: boolean;
  isChanged: boolean;
  /** Numbers of cases it took in. */
  readonly absorbed: number[];
  /** Entities to write. */
  readonly met: Set<string>;
}

export interface Terms {
  readonly options: CaseOptions;
  readonly now: number;
}

export function newCase(alert: Alert, number: number, { now }: Terms): WorkingCase {
  const at = new Date(now);
  const row: CaseRow = {
    tenant: alert.tenant,
    number,
    state: "new",
    queue: "declined",
    assignee: null,
    resolution: null,
    escalated_by: null,
    escalated_made_by: null,
    escalated_at: null,
    alerts: 0,
    amount: 0,
    expected_loss: 0,
    currency: alert.currency,
    first_alert_at: new Date(alert.time),
    last_alert_at: new Date(alert.time),
    opened_at: at,
    due_at: new Date(8.64e15),
    touched_at: null,
    closed_at: null,
    closed_by: null,
    merged_into: null,
    version: 0,
  };
  const base = { number, alerts: 0, touched: false, seen: new Map(), row };
  return { ...base, isNew: true, isChanged: true, absorbed: [], met: new Set() };
}

/** What the case's row says with one alert more. */
function count(into: WorkingCase, alert: Alert, { options, now }: Terms): void {
  const { row } = into;
  into.isChanged = true;
  row.alerts += 1;
  row.amount += alert.amount;
  row.expected_loss += alert.expectedLoss;
  if (row.currency !== alert.currency) row.currency = null;
  // A payment that was declined can wait; one that waits for a person cannot.
  if (row.queue === "declined" && alert.outcome !== "decline") row.queue = "review";
  row.first_alert_at = earlier(row.first_alert_at, new Date(alert.time));
  row.last_alert_at = later(row.last_alert_at, new Date(alert.time));
  row.due_at = earlier(row.due_at, new Date(now + withinOf(row.expected_loss, options)));
}

export function withinOf(expectedLoss: number, { due }: Pick<CaseOptions, "due">): number {
  const reached = due
    .toSorted((a, b) => b.expectedLoss - a.expectedLoss)
    .find((entry) => expectedLoss >= entry.expectedLoss);
  return (reached ?? due.at(-1))?.withinMs ?? 0;
}

function mergeRows(into: WorkingCase, other: WorkingCase): void {
  const { row } = into;
  into.isChanged = true;
  if (!other.isNew) into.absorbed.push(other.number);
  into.absorbed.push(...other.absorbed);
  row.alerts += other.row.alerts;
  row.amount += other.row.amount;
  row.expected_loss += other.row.expected_loss;
  if (row.currency !== other.row.currency) row.currency = null;
  if (row.queue === "declined") row.queue = other.row.queue;
  row.first_alert_at = earlier(row.first_alert_at, other.row.first_alert_at);
  row.last_alert_at = later(row.last_alert_at, other.row.last_alert_at);
  row.due_at = earlier(row.due_at, other.row.due_at);
}

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);
const later = (a: Date, b: Date): Date => (a > b ? a : b);

/** Puts the alert into the case. */
export function addAlert(alert: Alert, into: WorkingCase, terms: Terms): void {
  add(alert, into);
  for (const entity of alert.entities) into.met.add(entityKey(entity));
  count(into, alert, terms);
}

/** Puts all of another case into the case. */
export function absorbCase(other: WorkingCase, into: WorkingCase): void {
  absorb(other, into);
  for (const key of other.seen.keys()) into.met.add(key);
  mergeRows(into, other);
}
