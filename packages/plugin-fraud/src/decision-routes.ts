import { defineRoute, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { outcomes } from "./contract.ts";
import { explainDecision } from "./decision-explanation.ts";
import { counterfactualSchema, explanationSchema } from "./decision-schemas.ts";
import type { FraudRuntime } from "./plugin.ts";

const decisionExplanation = z.object({
  transactionId: z.string(),
  time: z.string(),
  outcome: z.enum(outcomes),
  score: z.number(),
  rules: z.string().optional(),
  model: z.string().optional(),
  replayed: z
    .boolean()
    .describe("Whether its rules say the same of its facts today, by the hash of the ruling"),
  explanation: explanationSchema
    .optional()
    .describe("As it was recorded, else as the model says now; absent where it is gone"),
  counterfactuals: z
    .array(counterfactualSchema)
    .describe("The smallest changes with which it would have been approved, the smallest first"),
});

/** Decisions of the past, asked again. */
export function decisionRoutes(service: FraudRuntime): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/fraud/decisions/{transactionId}/explanation",
      role: "viewer",
      tag: "fraud",
      summary: "Why a recorded decision is what it is, and what would have been approved",
      params: z.object({ transactionId: z.string().min(1).max(200) }),
      response: decisionExplanation,
      handler: async ({ params, principal: { tenant } }) => {
        const { rules, models, decideOptions, engine } = service;
        const { thresholds } = decideOptions;
        const explained = await explainDecision(
          { tenant, ...params },
          { engine: engine(), rules, models, thresholds },
        );
        return structuredClone(explained) as z.input<typeof decisionExplanation>;
      },
    }),
  ];
}
