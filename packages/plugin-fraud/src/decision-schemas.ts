import { servingRoles } from "@ecap/sdk/models";
import { z } from "zod";
import { outcomes } from "./contract.ts";

/** A rule that held, as events and answers tell it. */
export const reasonSchema = z.object({
  code: z.string(),
  detail: z.string(),
  points: z.number(),
  rule: z.string(),
  outcome: z.enum(outcomes).optional(),
});

/** What a rule set in shadow would have decided. */
export const shadowSchema = z.object({
  rules: z.string(),
  outcome: z.enum(outcomes),
  score: z.number(),
  held: z.array(z.string()),
  hash: z.string(),
});

const memberOpinion = z.object({
  model: z.string(),
  score: z.number().optional(),
  failure: z.string().optional(),
  late: z.literal(true).optional(),
  latencyMs: z.number().optional(),
});
/** What one model said. */
export const opinionSchema = memberOpinion.extend({
  role: z.enum(servingRoles),
  members: z.array(memberOpinion).readonly().optional().describe("Of an ensemble"),
});

const contribution = z.object({
  feature: z.string(),
  value: z.number().optional(),
  contribution: z.number(),
  error: z.number().optional().describe("Standard error, of a sampled one"),
});
/** Why a score is what it is: base and contributions add up to the total. */
export const explanationSchema = z.union([
  z.object({
    model: z.string(),
    method: z.enum(["linear", "trees", "sampled"]),
    space: z.enum(["score", "log-odds"]),
    base: z.number(),
    total: z.number(),
    contributions: z.array(contribution),
  }),
  z.object({ model: z.string(), failure: z.string() }),
]);

/** Changes with which a payment would have been approved. */
export const counterfactualSchema = z.object({
  changes: z
    .array(
      z.union([
        z.object({
          field: z.string().describe("By the name that rules know it by"),
          from: z.number(),
          to: z.number(),
        }),
        z.object({ rule: z.string().describe("Had it not held") }),
      ]),
    )
    .describe("All of them together"),
  score: z.number().describe("What the score would have been"),
  modelScore: z
    .number()
    .optional()
    .describe("What the model's would have been, where it was asked again"),
});
