import { EcapError, isCalendarTime } from "@ecap/sdk";
import { defineRoute, provenance, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { caseRoutes } from "./cases/http-cases.ts";
import { labelRoutes } from "./cases/http-labels.ts";
import { outcomes } from "./contract.ts";
import { decisionRoutes } from "./decision-routes.ts";
import {
  counterfactualSchema,
  explanationSchema,
  opinionSchema,
  reasonSchema,
  shadowSchema,
} from "./decision-schemas.ts";
import { featureRoutes } from "./features/http-features.ts";
import { listDecisions } from "./list-decisions.ts";
import { modelInsightRoutes } from "./models/http-model-insight.ts";
import { modelRoutes } from "./models/http-models.ts";
import { proposalRoutes } from "./models/http-proposals.ts";
import { trainingRoutes } from "./models/http-trainings.ts";
import type { FraudRuntime } from "./plugin.ts";
import { listRoutes } from "./rules/http-lists.ts";
import { ruleRoutes } from "./rules/http-rules.ts";
import { riskRoutes } from "./rules/risk/http-risks.ts";

const id = z.string().min(1).max(200);
const country = z.string().min(2).max(60);
const transaction = z.strictObject({
  id,
  time: z.iso
    .datetime({ offset: true })
    .refine((text) => isCalendarTime(Date.parse(text)), "expected a time from 1900 to 2199")
    .optional(),
  amount: z.number().min(0).max(1e12),
  currency: z.string().length(3).optional(),
  orderId: id.optional(),
  customerId: id.optional(),
  cardId: id.optional().describe("A token of the card, never its number"),
  deviceId: id.optional(),
  merchantId: id.optional().describe("Whom the money goes to"),
  sellerId: id.optional().describe("On a marketplace, who sells there"),
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  country: country.optional(),
  cardCountry: country.optional(),
  failed: z.boolean().optional(),
  email: z.string().max(320).optional(),
  phone: z.string().max(40).optional(),
  name: id.optional(),
  billingCountry: country.optional(),
  shippingCountry: country.optional(),
  cardBin: z
    .string()
    .regex(/^\d{6,8}$/)
    .optional()
    .describe("The first six to eight digits of the card"),
  device: z
    .record(z.string().max(100), z.union([z.string().max(4_096), z.number(), z.boolean()]))
    .optional()
    .describe("What the browser or app says of its device"),
  session: z
    .strictObject({
      startedAt: z.number().optional().describe("Epoch milliseconds"),
      pages: z.number().optional(),
      pasted: z.boolean().optional(),
    })
    .optional(),
});
const decision = z.object({
  id: z.string(),
  transactionId: z.string(),
  tenant: z.string(),
  outcome: z.enum(outcomes),
  score: z.number(),
  reasons: z.array(reasonSchema),
  modelScore: z.number().optional(),
  degraded: z.string().optional(),
  models: z.array(opinionSchema).optional(),
  explanation: explanationSchema.optional(),
  counterfactuals: z.array(counterfactualSchema).optional(),
  features: z.record(z.string(), z.number()),
  missing: z.array(z.string()).optional(),
  facts: z.record(z.string(), z.union([z.string(), z.boolean()])),
  hash: z.string(),
  capped: z.boolean().optional(),
  shadows: z.array(shadowSchema).optional(),
  versions: z.object({ rules: z.string(), model: z.string().optional() }),
  decidedAt: z.number(),
  latencyMs: z.number(),
  stages: z.object({ featuresMs: z.number(), modelsMs: z.number(), rulesMs: z.number() }),
});
const listed = z.object({
  time: z.string(),
  transactionId: z.string(),
  customerId: z.string().nullable(),
  outcome: z.string(),
  score: z.number(),
  amount: z.number().nullable(),
  currency: z.string().nullable(),
  country: z.string().nullable(),
  reasonCodes: z.array(z.string()),
});

export function routes(service: FraudRuntime): readonly Route[] {
  const cases = () => {
    if (service.cases === undefined)
      throw new EcapError("ECAP_PORT_MISSING", "cases need a database; add an adapter for it");
    return service.cases;
  };
  return [
    ...ruleRoutes(service),
    ...riskRoutes(service),
    ...listRoutes(service),
    ...modelRoutes(service),
    ...trainingRoutes(service),
    ...proposalRoutes(service),
    ...modelInsightRoutes(service),
    ...caseRoutes(cases),
    ...labelRoutes(service.engine, cases),
    ...featureRoutes(service),
    ...decisionRoutes(service),
    defineRoute({
      method: "post",
      path: "/fraud/assess",
      role: "api_user",
      tag: "fraud",
      summary: "Decide on a payment",
      body: transaction,
      query: z.object({
        durability: z.enum(["after", "before"]).default("after"),
        explain: z
          .enum(["true", "false"])
          .default("false")
          .describe(
            "Say, and record, what each feature added to the model's score, and with which changes it would have been approved",
          ),
      }),
      response: decision,
      handler: async ({ body, query, principal }) => {
        const { time, ...given } = body;
        const known = Object.fromEntries(
          Object.entries(given).filter(([, value]) => value !== undefined),
        ) as typeof given;
        const made = await service.assess(
          {
            ...withoutUndefined(known),
            tenant: principal.tenant,
            ...(time !== undefined && { time: Date.parse(time) }),
          },
          { durability: query.durability, explain: query.explain === "true" },
        );
        return {
          ...made,
          reasons: made.reasons.map((entry) => ({ ...entry })),
          features: { ...made.features },
          missing: made.missing && [...made.missing],
          facts: { ...made.facts },
          models: made.models?.map((entry) => ({ ...entry })),
          explanation:
            made.explanation &&
            (structuredClone(made.explanation) as z.input<typeof explanationSchema>),
          counterfactuals: made.counterfactuals?.map((each) => ({
            ...each,
            changes: [...each.changes],
          })),
          shadows: made.shadows?.map((entry) => ({ ...entry, held: [...entry.held] })),
        };
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/decisions",
      role: "viewer",
      tag: "fraud",
      summary: "Decisions that have reached the lake, newest first",
      query: z.object({
        outcome: z.enum(outcomes).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(50),
        cursor: z.string().max(20).optional(),
      }),
      response: provenance.extend({ items: z.array(listed), next: z.string().optional() }),
      handler: ({ query, principal }) =>
        listDecisions(service.engine(), {
          tenant: principal.tenant,
          limit: query.limit,
          cursor: query.cursor,
          outcome: query.outcome,
        }),
    }),
  ];
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** zod's optional members may be there as undefined; the contract's may not. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return value as Defined<T>;
}
