import { defineRoute, pageOf, pageQuery, paginate, provenance, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import type { GovernanceService, QualityAlert } from "../contract.ts";
import { alertKinds, fieldProfileSchema } from "./quality-events.ts";

const counts = z.object({
  checked: z.number().int(),
  failed: z.number().int(),
  share: z.number().describe("failed / checked"),
});
const rule = z.object({
  name: z.string(),
  topic: z.string(),
  types: z.array(z.string()).optional(),
  level: z.enum(["warn", "fail"]),
  description: z.string(),
  check: z.string().describe("Kind of check"),
  field: z.string().describe("Empty where the rule is about events as a whole"),
  state: z.enum(["ok", "alert", "idle"]),
  hour: counts,
  day: counts,
  lastFailure: z
    .object({ at: z.string(), examples: z.array(z.string()).describe("Ids of events") })
    .optional(),
  fields: z
    .array(z.object({ field: z.string(), hour: z.number().int(), day: z.number().int() }))
    .describe("Of a schema: how often which field did not fit"),
});
const topic = z.object({
  topic: z.string(),
  hour: z.number().int().describe("Events that came in the last hour"),
  day: z.number().int(),
  types: z.array(z.object({ type: z.string(), hour: z.number().int(), day: z.number().int() })),
});
const profile = z.object({
  topic: z.string(),
  type: z.string(),
  hour: z.string(),
  sampled: z.number().int().describe("Events that were looked into"),
  final: z.boolean().describe("False while the hour goes on"),
  fields: z.array(fieldProfileSchema),
});
const alert = z.object({
  id: z.string(),
  status: z.enum(["open", "resolved"]),
  kind: z.enum(alertKinds),
  name: z.string().describe("The rule or series"),
  topic: z.string().optional(),
  severity: z.enum(["warning", "critical"]),
  message: z.string(),
  since: z.string(),
  until: z.string().optional(),
  reason: z.enum(["recovered", "accepted", "no_data"]).optional(),
  observed: z.number().optional(),
  expected: z.number().optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  score: z.number().optional().describe("Robust standard deviations from the expected"),
  historical: z.boolean().describe("It was long past when it was found"),
});

/** Routes about the quality of data. */
export function qualityRoutes(service: GovernanceService): readonly Route[] {
  const tag = "governance";
  return [
    defineRoute({
      method: "get",
      path: "/governance/quality",
      role: "viewer",
      tag,
      summary:
        "Quality rules and how they fare: what was checked and failed, over an hour and a day",
      response: provenance.extend({ topics: z.array(topic), rules: z.array(rule) }),
      handler: async ({ principal }) => {
        const { tenant } = principal;
        const { asOf, versions, topics, rules } = await service.quality({ tenant });
        return {
          tenant,
          asOf: iso(asOf),
          tables: { ...versions },
          topics: topics.map((each) => ({ ...each, types: [...each.types] })),
          rules: rules.map(({ lastFailure, types, ...rest }) => ({
            ...rest,
            fields: [...rest.fields],
            ...(types !== undefined && { types: [...types] }),
            ...(lastFailure !== undefined && {
              lastFailure: { at: iso(lastFailure.at), examples: [...lastFailure.examples] },
            }),
          })),
        };
      },
    }),
    defineRoute({
      method: "get",
      path: "/governance/quality/profiles",
      role: "analyst",
      tag,
      summary: "What the fields of a topic's events are like: nulls, distinct values, quantiles",
      description: "Of the newest hour of each event type, from a sample of its events.",
      query: z.object({
        topic: z.string().min(1).max(200),
        type: z.string().max(200).optional(),
      }),
      response: z.object({ profiles: z.array(profile) }),
      handler: async ({ query, principal }) => {
        const found = await service.qualityProfiles({
          tenant: principal.tenant,
          topic: query.topic,
          ...(query.type !== undefined && { type: query.type }),
        });
        return {
          profiles: found.map(({ hour, fields, ...rest }) => ({
            ...rest,
            hour: iso(hour),
            fields: fields.map(({ top, quantiles, ...field }) => ({
              ...field,
              ...(quantiles !== undefined && { quantiles: { ...quantiles } }),
              ...(top !== undefined && { top: [...top] }),
            })),
          })),
        };
      },
    }),
    defineRoute({
      method: "get",
      path: "/governance/quality/alerts",
      role: "viewer",
      tag,
      summary: "Quality alerts of the last thirty days: open ones first, then the newest",
      query: pageQuery.extend({ status: z.enum(["open", "resolved"]).optional() }),
      response: pageOf(alert),
      handler: async ({ query, principal }) => {
        const found = await service.qualityAlerts({ tenant: principal.tenant });
        const wanted = found.filter(
          ({ status }) => query.status === undefined || status === query.status,
        );
        return paginate(wanted.map(shown), query);
      },
    }),
  ];
}

function shown({ since, until, ...rest }: QualityAlert): z.output<typeof alert> {
  return { ...rest, since: iso(since), ...(until !== undefined && { until: iso(until) }) };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
