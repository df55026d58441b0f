import type { QueryEngine } from "@ecap/sdk";
import { provenanceOf } from "@ecap/sdk/http";
import { lakeFunctions, queryLake } from "@ecap/sdk/sql";
import { labelledDecisions, lake, type Period } from "./labelled-decisions.ts";

export interface LabelCurveQuery extends Period {
  readonly tenant: string;
  /** Weeks by when the payment was, or by when its label became known. */
  readonly by: "payment" | "label";
}

/** Weeks a curve has at most. */
const maxWeeks = 530;

/** How right the decisions were, by week, as far as labels say: of what was held back how much was fraud, and of the frauds how many were held back. */
export async function labelCurve(engine: QueryEngine, { tenant, by, ...period }: LabelCurveQuery) {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom(labelledDecisions(engine, period).as("l"))
    .select((eb) => {
      const is = (verdict: string, stopped: boolean) =>
        fn.countWhere(eb.and([eb("l.verdict", "=", verdict), eb("l.stopped", "=", stopped)]));
      return [
        fn.truncDate("week", eb.ref(by === "payment" ? "l.event_time" : "l.known_at")).as("week"),
        eb.fn.countAll<number>().as("payments"),
        eb.fn.count<number>("l.verdict").as("labelled"),
        is("fraud", true).as("stopped_frauds"),
        is("legitimate", true).as("stopped_honest"),
        is("fraud", false).as("passed_frauds"),
        is("legitimate", false).as("passed_honest"),
      ];
    })
    .$if(by === "label", (q) => q.where("l.known_at", "is not", null))
    .groupBy("week")
    .orderBy("week")
    .limit(maxWeeks);
  const { rows, ...provenance } = await queryLake(engine, query, { tenant, fresh: true });
  return {
    ...provenanceOf(provenance, tenant),
    weeks: rows.map((row) => ({
      week: row.week,
      payments: row.payments,
      labelled: row.labelled,
      stoppedFrauds: row.stopped_frauds,
      stoppedHonest: row.stopped_honest,
      passedFrauds: row.passed_frauds,
      passedHonest: row.passed_honest,
      ...shareOf("precision", row.stopped_frauds, row.stopped_frauds + row.stopped_honest),
      ...shareOf("recall", row.stopped_frauds, row.stopped_frauds + row.passed_frauds),
    })),
  };
}

/** Absent where there is nothing to have a share of. */
export function shareOf<Name extends string>(
  name: Name,
  part: number,
  whole: number,
): { readonly [K in Name]?: number } {
  return (whole === 0 ? {} : { [name]: part / whole }) as { readonly [K in Name]?: number };
}
