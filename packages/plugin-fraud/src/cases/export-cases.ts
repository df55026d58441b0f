import type { DataSubject } from "@ecap/sdk";
import type { CaseContext } from "./case-context.ts";

/** Payments that one export has at most. */
const mostPayments = 10_000;

/** What cases keep about a customer: their payments with evidence and label. Not what analysts wrote, which is about others as well. */
export async function exportCases(
  context: CaseContext | undefined,
  { tenant, customerId }: DataSubject,
): Promise<readonly object[]> {
  if (context === undefined || customerId === undefined) return [];
  const db = await context.open();
  const rows = await db
    .selectFrom("case_alerts")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("customer_id", "=", customerId)
    .orderBy("time", "desc")
    .limit(mostPayments)
    .execute();
  return rows.map(({ evidence, ...row }) => ({
    ...row,
    evidence: JSON.parse(evidence) as unknown,
  }));
}
