import { type Kysely, sql, type Transaction } from "kysely";
import type { Alert, Entity } from "./alert.ts";
import { openStates } from "./case-life.ts";
import type { CaseOptions } from "./case-options.ts";
import type { CaseTables } from "./case-tables.ts";
import { entityKey, place } from "./correlate.ts";
import { groupBy } from "./group-by.ts";
import { absorbCase, addAlert, newCase, type WorkingCase } from "./working-case.ts";
import { alertRow, writeCases } from "./write-cases.ts";

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
  const placed: Array<{ readonly alert: Alert; readonly into: WorkingCase }> = [];
  for (const alert of fresh) {
    const { into, absorb: others } = place(alert, open.values(), options);
    const target = (into as WorkingCase | undefined) ?? newCase(alert, next++, { options, now });
    open.set(target.number, target);
    for (const other of others as readonly WorkingCase[]) {
      absorbCase(other, target);
      open.delete(other.number);
      for (const entry of placed.filter((each) => each.into === other))
        placed[placed.indexOf(entry)] = { ...entry, into: target };
    }
    addAlert(alert, target, { options, now });
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
): Promise<Map<number, WorkingCase>> {
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
