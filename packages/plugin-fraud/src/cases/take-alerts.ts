import { uuidv7 } from "@ecap/sdk";
import { type Kysely, sql, type Transaction } from "kysely";
import type { Alert, Entity } from "./alert.ts";
import { openStates } from "./case-life.ts";
import type { CaseOptions } from "./case-options.ts";
import type { AlertRow, CaseRow, CaseTables } from "./case-tables.ts";
import { absorb, add, entityKey, type OpenCase, place } from "./correlate.ts";
import { groupBy } from "./group-by.ts";

/** A case in memory while a batch is put into cases. */
interface Working extends OpenCase {
  row: CaseRow;
  isNew: boolean;
  isChanged: boolean;
  /** Numbers of cases it took in. */
  readonly absorbed: number[];
  /** Entities to write. */
  readonly met: Set<string>;
}

type Trx = Transaction<CaseTables>;

/**
 * Puts alerts into cases, each once by its payment however often it comes. One transaction a tenant; processes that take alerts of one tenant wait for one
 * another, so that two alerts with a card in common do not begin two cases. Gives how many were new.
 */
export async function takeAlerts(
  db: Kysely<CaseTables>,
  alerts: readonly Alert[],
  options: CaseOptions,
  now: number,
): Promise<number> {
  let taken = 0;
  for (const [tenant, own] of groupBy(alerts, (alert) => alert.tenant))
    taken += await db
      .transaction()
      .execute((trx) => takeOfTenant(trx, { tenant, alerts: own, options, now }));
  return taken;
}

interface Batch {
  readonly tenant: string;
  readonly alerts: readonly Alert[];
  readonly options: CaseOptions;
  readonly now: number;
}

async function takeOfTenant(trx: Trx, { tenant, alerts, options, now }: Batch): Promise<number> {
  await lockTenant(trx, tenant);
  const fresh = await unknownOf(trx, tenant, alerts);
  if (fresh.length === 0) return 0;
  const open = await openCasesOf(trx, { tenant, alerts: fresh, options });
  let next = await nextNumber(trx, tenant);
  const placed: Array<{ readonly alert: Alert; readonly into: Working }> = [];
  for (const alert of fresh) {
    const { into, absorb: others } = place(alert, open.values(), options);
    const target = (into as Working | undefined) ?? newCase(alert, next++, { options, now });
    open.set(target.number, target);
    for (const other of others as readonly Working[]) {
      absorb(other, target);
      for (const key of other.seen.keys()) target.met.add(key);
      mergeRows(target, other);
      open.delete(other.number);
      for (const entry of placed.filter((each) => each.into === other))
        placed[placed.indexOf(entry)] = { ...entry, into: target };
    }
    add(alert, target);
    for (const entity of alert.entities) target.met.add(entityKey(entity));
    count(target, alert, { options, now });
    placed.push({ alert, into: target });
  }
  const changed = [...open.values()].filter(({ isChanged }) => isChanged);
  await writeCases(trx, tenant, changed, now);
  await trx
    .insertInto("case_alerts")
    .values(placed.map(({ alert, into }) => alertRow(alert, into.number)))
    .execute();
  return fresh.length;
}

/** Held until the transaction ends. */
export async function lockTenant(trx: Trx, tenant: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`fraud/cases/${tenant}`}))`.execute(trx);
}

async function unknownOf(
  trx: Trx,
  tenant: string,
  alerts: readonly Alert[],
): Promise<readonly Alert[]> {
  const byId = new Map(alerts.map((alert) => [alert.transactionId, alert]));
  const known = await trx
    .selectFrom("case_alerts")
    .select("transaction_id")
    .where("tenant", "=", tenant)
    .where("transaction_id", "in", [...byId.keys()])
    .execute();
  for (const { transaction_id } of known) byId.delete(transaction_id);
  return [...byId.values()];
}

/** The open cases with room that share an entity with the alerts, with all their entities. */
async function openCasesOf(
  trx: Trx,
  { tenant, alerts, options }: Omit<Batch, "now">,
): Promise<Map<number, Working>> {
  const entities = distinct(alerts.flatMap((alert) => alert.entities));
  if (entities.length === 0) return new Map();
  const rows = await trx
    .selectFrom("cases")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("state", "in", openStates)
    .where("alerts", "<", options.maxAlerts)
    .where("number", "in", (eb) =>
      eb
        .selectFrom("case_entities")
        .select("case_number")
        .where("tenant", "=", tenant)
        .where("kind", "in", [...new Set(entities.map(({ kind }) => kind))])
        .where("value", "in", [...new Set(entities.map(({ value }) => value))]),
    )
    .orderBy("number", "desc")
    .limit(1_000)
    .forUpdate()
    .execute();
  if (rows.length === 0) return new Map();
  const seen = await trx
    .selectFrom("case_entities")
    .selectAll()
    .where("tenant", "=", tenant)
    .where(
      "case_number",
      "in",
      rows.map(({ number }) => number),
    )
    .execute();
  const byCase = groupBy(seen, ({ case_number }) => case_number);
  return new Map(
    rows.map((row) => [
      row.number,
      {
        number: row.number,
        alerts: row.alerts,
        touched: row.touched_at !== null,
        seen: new Map(
          (byCase.get(row.number) ?? []).map(({ kind, value, first_seen, last_seen }) => [
            entityKey({ kind, value }),
            { first: first_seen.getTime(), last: last_seen.getTime() },
          ]),
        ),
        row,
        isNew: false,
        isChanged: false,
        absorbed: [],
        met: new Set(),
      },
    ]),
  );
}

function distinct(entities: readonly Entity[]): readonly Entity[] {
  return [...new Map(entities.map((entity) => [entityKey(entity), entity])).values()];
}

async function nextNumber(trx: Trx, tenant: string): Promise<number> {
  const last = await trx
    .selectFrom("cases")
    .select("number")
    .where("tenant", "=", tenant)
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  return (last?.number ?? 0) + 1;
}

interface Terms {
  readonly options: CaseOptions;
  readonly now: number;
}

function newCase(alert: Alert, number: number, { now }: Terms): Working {
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
function count(into: Working, alert: Alert, { options, now }: Terms): void {
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

function mergeRows(into: Working, other: Working): void {
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

async function writeCases(
  trx: Trx,
  tenant: string,
  changed: readonly Working[],
  now: number,
): Promise<void> {
  const made = changed.filter(({ isNew }) => isNew);
  if (made.length > 0)
    await trx
      .insertInto("cases")
      .values(made.map(({ row }) => ({ ...row, version: 1 })))
      .execute();
  for (const { row, number, isNew, absorbed } of changed) {
    for (const other of absorbed) {
      await absorbRows(trx, { tenant, into: number, other, now, by: "ecap" });
      await trx
        .insertInto("case_events")
        .values({
          tenant,
          case_number: other,
          id: uuidv7(now),
          at: new Date(now),
          by: "ecap",
          action: "merge",
          details: JSON.stringify({ into: number }),
        })
        .execute();
    }
    if (isNew) continue;
    await trx
      .updateTable("cases")
      .set({
        queue: row.queue,
        alerts: row.alerts,
        amount: row.amount,
        expected_loss: row.expected_loss,
        currency: row.currency,
        first_alert_at: row.first_alert_at,
        last_alert_at: row.last_alert_at,
        due_at: row.due_at,
        version: row.version + 1,
      })
      .where("tenant", "=", tenant)
      .where("number", "=", number)
      .execute();
  }
  const entities = changed.flatMap(({ number, seen, met }) =>
    [...met].flatMap((key) => {
      const colon = key.indexOf(":");
      const { first, last } = seen.get(key) ?? { first: now, last: now };
      return {
        tenant,
        kind: key.slice(0, colon) as Entity["kind"],
        value: key.slice(colon + 1),
        case_number: number,
        first_seen: new Date(first),
        last_seen: new Date(last),
      };
    }),
  );
  for (let start = 0; start < entities.length; start += 1_000)
    await trx
      .insertInto("case_entities")
      .values(entities.slice(start, start + 1_000))
      .onConflict((conflict) =>
        conflict.columns(["tenant", "kind", "value", "case_number"]).doUpdateSet((eb) => ({
          first_seen: eb.ref("excluded.first_seen"),
          last_seen: eb.ref("excluded.last_seen"),
        })),
      )
      .execute();
}

/** Moves alerts and files of one case to another, to which the caller adds what they come to. */
export async function absorbRows(
  trx: Trx,
  {
    tenant,
    into,
    other,
    now,
    by,
  }: {
    readonly tenant: string;
    readonly into: number;
    readonly other: number;
    readonly now: number;
    readonly by: string;
  },
): Promise<void> {
  for (const table of ["case_alerts", "case_files"] as const)
    await trx
      .updateTable(table)
      .set({ case_number: into })
      .where("tenant", "=", tenant)
      .where("case_number", "=", other)
      .execute();
  await trx
    .deleteFrom("case_entities")
    .where("tenant", "=", tenant)
    .where("case_number", "=", other)
    .execute();
  await trx
    .updateTable("cases")
    .set((eb) => ({
      state: "merged",
      assignee: null,
      merged_into: into,
      version: eb("version", "+", 1),
    }))
    .where("tenant", "=", tenant)
    .where("number", "=", other)
    .execute();
  await trx
    .insertInto("case_events")
    .values({
      tenant,
      case_number: into,
      id: uuidv7(now),
      at: new Date(now),
      by,
      action: "took in",
      details: JSON.stringify({ case: other }),
    })
    .execute();
}

function alertRow(alert: Alert, number: number): AlertRow {
  return {
    tenant: alert.tenant,
    transaction_id: alert.transactionId,
    case_number: number,
    decision_id: alert.decisionId,
    time: new Date(alert.time),
    decided_at: new Date(alert.decidedAt),
    outcome: alert.outcome,
    score: alert.score,
    probability: alert.probability,
    amount: alert.amount,
    expected_loss: alert.expectedLoss,
    currency: alert.currency,
    order_id: alert.orderId,
    customer_id: alert.customerId,
    country: alert.country,
    evidence: alert.evidence,
    verdict: null,
    verdict_by: null,
    verdict_at: null,
  };
}
