import { EcapError } from "@ecap/sdk";
import type { Actor, CaseContext } from "../case-context.ts";
import { changeCase, type SeenCase } from "../case-desk.ts";
import type { Verdict } from "./verdicts.ts";

export interface LabelRequest {
  /** Ids of the payments; absent: all of the case. */
  readonly payments?: readonly string[] | undefined;
  readonly verdict: Verdict;
}

/**
 * Says of payments of a case what they are. Each label is an event on the log before the case says so: a failure in between leaves a label that is said
 * again when the analyst tries again, and the newest word counts.
 */
export async function labelPayments(
  context: CaseContext,
  actor: Actor,
  seen: SeenCase,
  { payments, verdict }: LabelRequest,
): Promise<void> {
  const { tenant, by } = actor;
  await changeCase(context, actor, seen, async (trx, { state }) => {
    if (state === "merged")
      throw new EcapError("ECAP_CONFLICT", "the case was merged into another; label it there");
    const rows = await trx
      .selectFrom("case_alerts")
      .select(["transaction_id", "order_id", "decision_id", "customer_id"])
      .where("tenant", "=", tenant)
      .where("case_number", "=", seen.number)
      .$if(payments !== undefined, (q) => q.where("transaction_id", "in", payments ?? []))
      .execute();
    const wanted = new Set(payments);
    if (rows.length === 0 || (payments !== undefined && rows.length < wanted.size))
      throw new EcapError("ECAP_NOT_FOUND", "the case has no such payment", { path: "/payments" });
    const at = context.clock.now();
    await Promise.all(
      rows.map((row) =>
        context.emit({
          type: "label.recorded",
          tenant,
          time: at,
          ...(row.customer_id !== null && { actor: { customerId: row.customer_id } }),
          data: {
            event_id: row.decision_id,
            payment_id: row.transaction_id,
            ...(row.order_id !== null && { order_id: row.order_id }),
            fraud: verdict === "fraud",
            verdict,
            source: "analyst",
            labelled_by: by,
          },
        }),
      ),
    );
    await trx
      .updateTable("case_alerts")
      .set({ verdict, verdict_by: by, verdict_at: new Date(at) })
      .where("tenant", "=", tenant)
      .where("case_number", "=", seen.number)
      .where(
        "transaction_id",
        "in",
        rows.map(({ transaction_id }) => transaction_id),
      )
      .execute();
    return { set: {}, action: "label", details: { verdict, payments: rows.length } };
  });
}
