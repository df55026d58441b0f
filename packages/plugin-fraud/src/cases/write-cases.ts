import { uuidv7 } from "@ecap/sdk";
import type { Transaction } from "kysely";
import type { Alert, Entity } from "./alert.ts";
import type { AlertRow, CaseTables } from "./case-tables.ts";
import type { WorkingCase } from "./working-case.ts";

type Trx = Transaction<CaseTables>;

/** Writes cases that are new or changed, and the entities they met. */
export async function writeCases(
  trx: Trx,
  tenant: string,
  changed: readonly WorkingCase[],
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

export function alertRow(alert: Alert, number: number): AlertRow {
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
