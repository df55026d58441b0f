import { defineRoute, instant, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { explanationSchema } from "../decision-schemas.ts";
import type { FraudRuntime } from "../plugin.ts";
import { compareModels, modelPerformance } from "./recorded-scores.ts";

const tag = "models";
const versionText = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
const period = z.object({
  from: instant,
  to: instant,
  threshold: z.coerce.number().min(0).max(1).default(0.5),
});
const figures = {
  labelled: z.number().describe("Payments it scored of which it is known what they were"),
  positives: z.number(),
  auc: z.number().optional(),
  averagePrecision: z.number().optional(),
  precision: z.number().optional().describe("Of scores from the threshold on"),
  recall: z.number().optional(),
};
const performance = z.object({ model: z.string(), ...figures });
const modelPerformanceSchema = performance.extend({
  asked: z.number(),
  coverage: z.number().describe("Share of what it was asked that it scored"),
  late: z.number(),
  failed: z.number(),
  days: z
    .array(z.object({ day: z.string(), ...figures }))
    .describe("By the day of the payments, or the Monday of their week, in UTC"),
});

const drift = z.object({
  psi: z.number().describe("Population stability index"),
  threshold: z
    .number()
    .nullable()
    .describe("What it exceeds by chance in one case of a hundred; null: nothing to compare"),
  pValue: z.number(),
  values: z.number(),
  drifted: z.boolean(),
});
const monitoring = z.object({
  asked: z.number(),
  late: z.number(),
  failed: z.number(),
  coverage: z.number().optional(),
  latencyMs: z
    .object({ p50: z.number().nullable(), p99: z.number().nullable() })
    .optional()
    .describe("Upper edges of the bins they are in; null: more than a second"),
  score: drift.optional(),
  features: z.array(drift.extend({ feature: z.string() })),
});
const monitoredDay = z.object({
  day: z.string(),
  asked: z.number(),
  late: z.number(),
  failed: z.number(),
  coverage: z.number().optional(),
  latencyMs: z.object({ p50: z.number().nullable(), p99: z.number().nullable() }).optional(),
  score: drift.optional(),
  drifted: z.array(z.string()).describe("Features that drifted, most first"),
});
const dayMs = 86_400_000;

/** How the models of one use case are doing, and why they score as they do. */
export function modelInsightRoutes({
  models,
  engine,
}: Pick<FraudRuntime, "models" | "engine">): readonly Route[] {
  const { desk, monitor } = models;
  const base = `/models/${desk.useCase}`;
  return [
    defineRoute({
      method: "get",
      path: `${base}/versions/{version}/monitoring`,
      role: "viewer",
      tag,
      summary:
        "What a model was asked, how fast it was, and how far scores and features are from those of its training",
      params: z.object({ version: versionText }),
      query: z.object({ from: instant.optional(), to: instant.optional() }),
      response: monitoring,
      handler: async ({ params, query, principal: { tenant } }) => {
        const { version } = params;
        const { contract } = await desk.version(tenant, version);
        const { to = Date.now() + 1 } = query;
        const { from = to - dayMs } = query;
        const report = await monitor.report({ tenant, version, contract, from, to });
        return { ...report, features: [...report.features] };
      },
    }),
    defineRoute({
      method: "get",
      path: `${base}/versions/{version}/monitoring/days`,
      role: "viewer",
      tag,
      summary: "The same by the day, in UTC",
      params: z.object({ version: versionText }),
      query: z.object({ from: instant, to: instant }),
      response: z.object({ items: z.array(monitoredDay) }),
      handler: async ({ params: { version }, query, principal: { tenant } }) => {
        const { contract } = await desk.version(tenant, version);
        const days = await monitor.days({ tenant, version, contract, ...query });
        return {
          items: days.map(({ day, features, ...rest }) => ({
            ...rest,
            day: new Date(day).toISOString().slice(0, 10),
            drifted: features.flatMap((each) => (each.drifted ? [each.feature] : [])),
          })),
        };
      },
    }),
    defineRoute({
      method: "get",
      path: `${base}/performance`,
      role: "viewer",
      tag,
      summary: "How well each model told frauds from other payments, as far as labels have come",
      query: period.extend({ grain: z.enum(["day", "week"]).default("day") }),
      response: z.object({ items: z.array(modelPerformanceSchema) }),
      handler: async ({ query, principal: { tenant }, signal }) => {
        const items = await modelPerformance(engine(), { tenant, ...query, signal });
        return { items: items.map((each) => ({ ...each, days: [...each.days] })) };
      },
    }),
    defineRoute({
      method: "get",
      path: `${base}/comparison`,
      role: "viewer",
      tag,
      summary: "Two models on the payments that both scored, with a test of the difference",
      query: period.extend({
        first: z.string().max(100).describe("Name and version, as in card-fraud/3"),
        second: z.string().max(100),
      }),
      response: z.object({
        first: performance,
        second: performance,
        auc: z.object({ difference: z.number(), pValue: z.number() }).optional(),
      }),
      handler: async ({ query: { first, second, ...query }, principal, signal }) =>
        compareModels(engine(), {
          tenant: principal.tenant,
          ...query,
          models: [first, second],
          signal,
        }),
    }),
    defineRoute({
      method: "post",
      path: `${base}/explain`,
      role: "viewer",
      tag,
      summary: "What each feature would add to a model's score",
      body: z.strictObject({
        features: z.record(z.string(), z.number()),
        model: z.string().max(100).optional().describe("Name and version; default: the champion's"),
      }),
      response: explanationSchema,
      handler: async ({ body, principal: { tenant } }) =>
        structuredClone(await models.explain({ tenant, ...body })) as z.input<
          typeof explanationSchema
        >,
    }),
  ];
}
