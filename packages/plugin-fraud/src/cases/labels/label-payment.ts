import { EcapError } from "@ecap/sdk";
import { queryLake } from "@ecap/sdk/sql";
import type { Actor, CaseContext } from "../case-context.ts";
import { lake } from "./labelled-decisions.ts";
import type { Verdict } from "./verdicts.ts";

/** Says what a payment is that no case has: a fraud that passed, or one that is found to be honest. One that a case has is labelled there, where others see it. */
export async function labelPayment(
  context: CaseContext,
  { tenant, by }: Actor,
  { payment, verdict }: { readonly payment: string; readonly verdict: Verdict },
): Promise<void> {
  const db = await context.open();
  const alert = await db
    .selectFrom("case_alerts")
    .select("case_number")
    .where("tenant", "=", tenant)
    .where("transaction_id", "=", payment)
    .executeTakeFirst();
  if (alert !== undefined)
    throw new EcapError(
      "ECAP_CONFLICT",
      `the payment is one of case ${alert.case_number}; label it there`,
      { path: "/payment" },
    );
  const engine = context.engine();
  if (engine === undefined)
    throw new EcapError("ECAP_PORT_MISSING", "a payment without a case is looked up in the lake");
  const decided = lake
    .selectFrom("decisions")
    .select(["event_id", "order_id", "customer_id"])
    .where("transaction_id", "=", payment)
    .limit(1);
  const [decision] = (await queryLake(engine, decided, { tenant, fresh: true })).rows;
  if (decision === undefined)
    throw new EcapError("ECAP_NOT_FOUND", `there is no decision on a payment "${payment}"`, {
      path: "/payment",
    });
  await context.emit({
    type: "label.recorded",
    tenant,
    ...(decision.customer_id !== null && { actor: { customerId: decision.customer_id } }),
    data: {
      event_id: decision.event_id,
      payment_id: payment,
      ...(decision.order_id !== null && { order_id: decision.order_id }),
      fraud: verdict === "fraud",
      verdict,
      source: "analyst",
      labelled_by: by,
    },
  });
  await context.audit({
    tenant,
    actor: by,
    action: "payment.label",
    target: `fraud/payments/${payment}`,
    details: { verdict },
  });
}
