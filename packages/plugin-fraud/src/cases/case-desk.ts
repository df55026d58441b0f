import { EcapError, uuidv7 } from "@ecap/sdk";
import type { Selectable, Transaction } from "kysely";
import type { Actor, CaseContext } from "./case-context.ts";
import { afterStep, type CaseLife, type CaseStep } from "./case-life.ts";
import type { CaseRow, CaseTables } from "./case-tables.ts";
import { lockTenant } from "./take-alerts.ts";
import { absorbRows } from "./write-cases.ts";

export type Trx = Transaction<CaseTables>;

/** A case as somebody saw it: a change of it is refused where it is another by now. */
export interface SeenCase {
  readonly number: number;
  readonly version: number;
}

/** Most alerts of a case that cases were merged into by hand. */
export const maxMergedAlerts = 1_000;
/** Most notes, changes and so on that are kept of a case. */
export const maxEvents = 5_000;

/**
 * Changes a case within one transaction: the row is locked, its version compared (ECAP_CONFLICT where somebody was faster), and what was done written down.
 * What `change` gives is set in the row.
 */
export async function changeCase(
  context: CaseContext,
  actor: Actor,
  seen: SeenCase,
  change: (
    trx: Trx,
    row: Selectable<CaseRow>,
  ) => Promise<{
    readonly set: Partial<CaseRow>;
    readonly action: string;
    readonly details?: Readonly<Record<string, string | number | boolean | null>>;
  }>,
): Promise<void> {
  const { tenant, by } = actor;
  const { number } = seen;
  const db = await context.open();
  const now = context.clock.now();
  const done = await db.transaction().execute(async (trx) => {
    await lockTenant(trx, tenant);
    const row = await caseForUpdate(trx, tenant, number);
    if (row.version !== seen.version)
      throw new EcapError(
        "ECAP_CONFLICT",
        `case ${number} was changed meanwhile: it is at version ${row.version}, not ${seen.version}`,
        { path: "/version", received: seen.version },
      );
    const { set, action, details = {} } = await change(trx, row);
    await trx
      .updateTable("cases")
      .set({
        touched_at: row.touched_at ?? new Date(now),
        ...set,
        version: row.version + 1,
      })
      .where("tenant", "=", tenant)
      .where("number", "=", number)
      .execute();
    await writeEvent(trx, actor, { number, action, details, now });
    return { action, details };
  });
  await context.audit({
    tenant,
    actor: by,
    action: `case.${done.action}`,
    target: `fraud/cases/${number}`,
    details: Object.fromEntries(
      Object.entries(done.details).flatMap(([name, value]) =>
        value === null || name === "text" ? [] : [[name, value]],
      ),
    ),
  });
}

/** Takes a step of the case's life. */
export async function takeStep(
  context: CaseContext,
  actor: Actor,
  seen: SeenCase,
  step: CaseStep,
): Promise<void> {
  const now = new Date(context.clock.now());
  await changeCase(context, actor, seen, async (trx, row) => {
    const person = {
      id: actor.by,
      ...(actor.madeBy !== undefined && { madeBy: actor.madeBy }),
    };
    const after = afterStep(lifeOf(row), step, person);
    if (step.do === "merge") await mergeInto(trx, actor, { row, into: step.into, now });
    const { do: action, ...details } = step;
    return {
      action,
      details,
      set: {
        state: after.state,
        queue: after.queue,
        assignee: after.assignee,
        resolution: after.resolution,
        escalated_by: after.escalatedBy?.id ?? null,
        escalated_made_by: after.escalatedBy?.madeBy ?? null,
        escalated_at: after.escalatedBy === null ? null : (row.escalated_at ?? now),
        closed_by: after.closedBy,
        closed_at: after.state === "closed" ? now : null,
        merged_into: after.mergedInto,
      },
    };
  });
}

async function mergeInto(
  trx: Trx,
  { tenant, by }: Actor,
  {
    row,
    into,
    now,
  }: { readonly row: Selectable<CaseRow>; readonly into: number; readonly now: Date },
): Promise<void> {
  if (into === row.number)
    throw new EcapError("ECAP_REQUEST_INVALID", "a case cannot be merged into itself", {
      path: "/into",
    });
  const target = await caseForUpdate(trx, tenant, into);
  if (target.state === "closed" || target.state === "merged")
    throw new EcapError("ECAP_CONFLICT", `case ${into} is ${target.state}`, { path: "/into" });
  if (target.alerts + row.alerts > maxMergedAlerts)
    throw new EcapError("ECAP_CONFLICT", `a case has at most ${maxMergedAlerts} alerts`);
  const entities = await trx
    .selectFrom("case_entities")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("case_number", "=", row.number)
    .execute();
  for (const entity of entities)
    await trx
      .insertInto("case_entities")
      .values({ ...entity, case_number: into })
      .onConflict((conflict) =>
        conflict.columns(["tenant", "kind", "value", "case_number"]).doUpdateSet((eb) => ({
          first_seen: eb.fn("least", [
            eb.ref("case_entities.first_seen"),
            eb.ref("excluded.first_seen"),
          ]),
          last_seen: eb.fn("greatest", [
            eb.ref("case_entities.last_seen"),
            eb.ref("excluded.last_seen"),
          ]),
        })),
      )
      .execute();
  await absorbRows(trx, { tenant, into, other: row.number, now: now.getTime(), by });
  await trx
    .updateTable("cases")
    .set({
      alerts: target.alerts + row.alerts,
      amount: target.amount + row.amount,
      expected_loss: target.expected_loss + row.expected_loss,
      currency: target.currency === row.currency ? target.currency : null,
      first_alert_at: new Date(
        Math.min(target.first_alert_at.getTime(), row.first_alert_at.getTime()),
      ),
      last_alert_at: new Date(
        Math.max(target.last_alert_at.getTime(), row.last_alert_at.getTime()),
      ),
      due_at: new Date(Math.min(target.due_at.getTime(), row.due_at.getTime())),
      touched_at: target.touched_at ?? now,
      version: target.version + 1,
    })
    .where("tenant", "=", tenant)
    .where("number", "=", into)
    .execute();
}

/** A remark; it changes nothing that others could have seen otherwise, so it asks for no version. */
export async function addNote(
  context: CaseContext,
  actor: Actor,
  number: number,
  text: string,
): Promise<void> {
  const db = await context.open();
  const now = context.clock.now();
  await db.transaction().execute(async (trx) => {
    await touchCase(trx, actor.tenant, number, now);
    await writeEvent(trx, actor, { number, action: "note", details: { text }, now });
  });
  await context.audit({
    tenant: actor.tenant,
    actor: actor.by,
    action: "case.note",
    target: `fraud/cases/${number}`,
  });
}

/** Says that a person did something with the case, which must be there. */
export async function touchCase(
  trx: Trx,
  tenant: string,
  number: number,
  now: number,
): Promise<void> {
  const row = await caseForUpdate(trx, tenant, number);
  if (row.touched_at !== null) return;
  await trx
    .updateTable("cases")
    .set({ touched_at: new Date(now) })
    .where("tenant", "=", tenant)
    .where("number", "=", number)
    .execute();
}

export async function writeEvent(
  trx: Trx,
  { tenant, by }: Actor,
  {
    number,
    action,
    details,
    now,
  }: {
    readonly number: number;
    readonly action: string;
    readonly details: object;
    readonly now: number;
  },
): Promise<void> {
  const { count } = await trx
    .selectFrom("case_events")
    .select((eb) => eb.fn.countAll<string>().as("count"))
    .where("tenant", "=", tenant)
    .where("case_number", "=", number)
    .executeTakeFirstOrThrow();
  if (Number(count) >= maxEvents)
    throw new EcapError("ECAP_CONFLICT", `case ${number} has ${maxEvents} entries already`);
  await trx
    .insertInto("case_events")
    .values({
      tenant,
      case_number: number,
      id: uuidv7(now),
      at: new Date(now),
      by,
      action,
      details: JSON.stringify(details),
    })
    .execute();
}

async function caseForUpdate(
  trx: Trx,
  tenant: string,
  number: number,
): Promise<Selectable<CaseRow>> {
  const row = await trx
    .selectFrom("cases")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("number", "=", number)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw noSuchCase(number);
  return row;
}

export function noSuchCase(number: number): EcapError {
  return new EcapError("ECAP_NOT_FOUND", `there is no case ${number}`);
}

function lifeOf(row: Selectable<CaseRow>): CaseLife {
  return {
    state: row.state,
    queue: row.queue,
    assignee: row.assignee,
    resolution: row.resolution,
    escalatedBy:
      row.escalated_by === null
        ? null
        : {
            id: row.escalated_by,
            ...(row.escalated_made_by !== null && { madeBy: row.escalated_made_by }),
          },
    closedBy: row.closed_by,
    mergedInto: row.merged_into,
  };
}
