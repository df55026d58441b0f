import type { QueryEngine } from "@ecap/sdk";
import { provenanceOf } from "@ecap/sdk/http";
import { queryLake } from "@ecap/sdk/sql";
import { labelledDecisions, lake, type Period } from "./labelled-decisions.ts";
import { voiceOf } from "./verdicts.ts";

export interface TrainingLabelsQuery extends Period {
  readonly tenant: string;
  readonly limit: number;
  readonly offset: number;
  readonly payment?: string | undefined;
}

/** Decisions of a period's payments with what became known of them, and when: what a model can be trained with. Newest label first. */
export async function trainingLabels(
  engine: QueryEngine,
  { tenant, limit, offset, payment, ...period }: TrainingLabelsQuery,
) {
  const query = lake
    .selectFrom(labelledDecisions(engine, period).as("l"))
    .selectAll()
    .where("l.verdict", "is not", null)
    .$if(payment !== undefined, (q) => q.where("l.transaction_id", "=", payment ?? ""))
    .orderBy("l.known_at", "desc")
    .orderBy("l.transaction_id")
    .limit(limit + 1)
    .offset(offset);
  const { rows, ...provenance } = await queryLake(engine, query, { tenant, fresh: true });
  return {
    ...provenanceOf(provenance, tenant),
    items: rows.slice(0, limit).map((row) => ({
      paymentId: row.transaction_id,
      decisionId: row.event_id,
      fraud: row.verdict === "fraud",
      source: voiceOf(row.voice),
      knownAt: row.known_at ?? "",
      ...(row.labelled_by !== null && { labelledBy: row.labelled_by }),
      time: row.event_time,
      outcome: row.outcome,
      score: row.score,
      ...(row.model_score !== null && { modelScore: row.model_score }),
      amount: row.amount,
    })),
    ...(rows.length > limit && { next: String(offset + limit) }),
  };
}
