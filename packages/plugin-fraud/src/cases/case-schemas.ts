import type { Selectable } from "kysely";
import { z } from "zod";
import { outcomes } from "../contract.ts";
import { reasonSchema, shadowSchema } from "../decision-schemas.ts";
import { snoozable } from "../rules/snoozes.ts";
import { allowedIn, type CaseStep, caseStates, openStates, resolutions } from "./case-life.ts";
import { entityKinds } from "./case-options.ts";
import type { AlertRow, CaseEventRow, CaseRow, EntityRow } from "./case-tables.ts";
import { verdicts, voices, type Word, wordThatCounts } from "./labels/verdicts.ts";
import type { CaseCounts, WholeCase } from "./read-cases.ts";
import { suggestionsOf } from "./suggestions.ts";

export const caseNumber = z
  .string()
  .regex(/^\d{1,9}$/, "expected a case's number")
  .transform(Number);

const entity = z.object({ kind: z.enum(entityKinds), value: z.string() });
export const caseInfo = z.object({
  case: z.number(),
  version: z.number(),
  state: z.enum(caseStates),
  queue: z.string(),
  assignee: z.string().optional(),
  resolution: z.enum(resolutions).optional(),
  escalatedBy: z.string().optional(),
  closedBy: z.string().optional(),
  mergedInto: z.number().optional(),
  alerts: z.number(),
  amount: z.number(),
  currency: z.string().optional().describe("Absent where the payments have several, or none"),
  expectedLoss: z.number().describe("The sum over its payments of amount × probability of fraud"),
  firstAlertAt: z.string(),
  lastAlertAt: z.string(),
  openedAt: z.string(),
  dueAt: z.string(),
  overdue: z.boolean(),
  closedAt: z.string().optional(),
  entities: z
    .array(entity)
    .describe("What its payments have in common or alone; in a list the first"),
});

const word = z.object({
  verdict: z.enum(verdicts),
  source: z.enum(voices),
  knownAt: z.string(),
  by: z.string().optional(),
});
const alert = z.object({
  paymentId: z.string(),
  decisionId: z.string(),
  time: z.string(),
  outcome: z.enum(outcomes),
  score: z.number(),
  probability: z.number(),
  amount: z.number(),
  currency: z.string().optional(),
  expectedLoss: z.number(),
  orderId: z.string().optional(),
  customerId: z.string().optional(),
  country: z.string().optional(),
  modelScore: z.number().optional(),
  degraded: z.string().optional(),
  reasons: z.array(reasonSchema.partial({ rule: true })),
  features: z.record(z.string(), z.number()),
  facts: z.record(z.string(), z.union([z.string(), z.boolean(), z.number()])),
  shadows: z.array(shadowSchema).optional(),
  rules: z.string().optional(),
  model: z.string().optional(),
  verdict: z.enum(verdicts).optional().describe("What counts of what was said of it"),
  words: z.array(word).describe("What was said of it, the newest of each source"),
});
const suggestion = z.object({
  id: z.string(),
  kind: z.enum(["snooze", "list"]),
  rule: z.string().optional(),
  list: z.enum(["allow", "deny"]).optional(),
  entity: z.enum(snoozable),
  value: z.string(),
  payments: z.number(),
  taken: z.boolean(),
});
export const wholeCase = caseInfo.extend({
  steps: z.array(z.string()).describe("What its state allows"),
  payments: z.array(alert),
  files: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      mediaType: z.string(),
      bytes: z.number(),
      addedBy: z.string(),
      addedAt: z.string(),
    }),
  ),
  timeline: z.array(
    z.object({
      at: z.string(),
      by: z.string(),
      action: z.string(),
      details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    }),
  ),
  related: z.array(
    z.object({
      case: z.number(),
      state: z.enum(caseStates),
      resolution: z.enum(resolutions).optional(),
      alerts: z.number(),
    }),
  ),
  suggestions: z.array(suggestion),
});

export const caseCountsSchema = z.object({
  queues: z.array(
    z.object({
      queue: z.string(),
      open: z.number(),
      overdue: z.number(),
      expectedLoss: z.number(),
    }),
  ),
});

export function countsOf({ queues }: CaseCounts): z.input<typeof caseCountsSchema> {
  return { queues: [...queues] };
}

export function infoOf(
  row: Selectable<CaseRow>,
  entities: ReadonlyArray<Selectable<EntityRow>>,
  now: number,
): z.input<typeof caseInfo> {
  const isOpen = openStates.some((state) => state === row.state);
  return {
    case: row.number,
    version: row.version,
    state: row.state,
    queue: row.queue,
    ...known("assignee", row.assignee),
    ...known("resolution", row.resolution),
    ...known("escalatedBy", row.escalated_by),
    ...known("closedBy", row.closed_by),
    ...known("mergedInto", row.merged_into),
    alerts: row.alerts,
    amount: row.amount,
    ...known("currency", row.currency),
    expectedLoss: row.expected_loss,
    firstAlertAt: row.first_alert_at.toISOString(),
    lastAlertAt: row.last_alert_at.toISOString(),
    openedAt: row.opened_at.toISOString(),
    dueAt: row.due_at.toISOString(),
    overdue: isOpen && row.due_at.getTime() < now,
    ...known("closedAt", row.closed_at?.toISOString() ?? null),
    entities: entities.map(({ kind, value }) => ({ kind, value })),
  };
}

export function wholeOf(
  { row, alerts, entities, events, files, related }: WholeCase,
  words: ReadonlyMap<string, readonly Word[]>,
  now: number,
): z.input<typeof wholeCase> {
  const taken = new Set(
    events
      .filter(({ action }) => action === "suggestion")
      .map((event) => (JSON.parse(event.details) as { readonly suggestion: string }).suggestion),
  );
  return {
    ...infoOf(row, entities, now),
    steps: (Object.keys(allowedIn) as ReadonlyArray<CaseStep["do"]>).filter(
      (step) =>
        allowedIn[step].includes(row.state) && !(step === "escalate" && row.escalated_by !== null),
    ),
    payments: alerts.map((each) => alertOf(each, words.get(each.transaction_id) ?? [])),
    files: files.map((file) => ({
      id: file.id,
      name: file.name,
      mediaType: file.media_type,
      bytes: file.bytes,
      addedBy: file.added_by,
      addedAt: file.added_at.toISOString(),
    })),
    timeline: events.map(entryOf),
    related: related.map(({ number, state, resolution, alerts: count }) => ({
      case: number,
      state,
      ...known("resolution", resolution),
      alerts: count,
    })),
    suggestions: suggestionsOf(alerts).map((each) => ({ ...each, taken: taken.has(each.id) })),
  };
}

function entryOf({ at, by, action, details }: Selectable<CaseEventRow>) {
  return {
    at: at.toISOString(),
    by,
    action,
    details: JSON.parse(details) as Record<string, string | number | boolean | null>,
  };
}

function alertOf(row: Selectable<AlertRow>, elsewhere: readonly Word[]): z.input<typeof alert> {
  const evidence = JSON.parse(row.evidence) as Partial<z.input<typeof alert>> &
    Pick<z.input<typeof alert>, "reasons" | "features" | "facts">;
  const said = wordsOf(row, elsewhere);
  const counts = wordThatCounts(said);
  return {
    paymentId: row.transaction_id,
    decisionId: row.decision_id,
    time: row.time.toISOString(),
    outcome: row.outcome as (typeof outcomes)[number],
    score: row.score,
    probability: row.probability,
    amount: row.amount,
    ...known("currency", row.currency),
    expectedLoss: row.expected_loss,
    ...known("orderId", row.order_id),
    ...known("customerId", row.customer_id),
    ...known("country", row.country),
    ...evidence,
    ...(counts !== undefined && { verdict: counts.verdict }),
    words: said.map(({ verdict, voice, knownAt, by }) => ({
      verdict,
      source: voice,
      knownAt: new Date(knownAt).toISOString(),
      ...(by !== undefined && { by }),
    })),
  };
}

/** What the lake knows, with the analyst's word that this case has, which may be on its way there. */
function wordsOf(
  { verdict, verdict_by, verdict_at }: Selectable<AlertRow>,
  elsewhere: readonly Word[],
): readonly Word[] {
  if (verdict === null || verdict_at === null) return elsewhere;
  const own: Word = {
    verdict,
    voice: "analyst",
    knownAt: verdict_at.getTime(),
    ...(verdict_by !== null && { by: verdict_by }),
  };
  const others = elsewhere.filter(
    ({ voice, knownAt }) => voice !== "analyst" || knownAt > own.knownAt,
  );
  return others.some(({ voice }) => voice === "analyst") ? others : [own, ...others];
}

function known<Name extends string, Value>(
  name: Name,
  value: Value | null,
): { readonly [K in Name]?: Value } {
  return (value === null ? {} : { [name]: value }) as { readonly [K in Name]?: Value };
}
