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

/** What one model said. */
export const opinionSchema = z.object({
  model: z.string(),
  role: z.enum(servingRoles),
  score: z.number().optional(),
  failure: z.string().optional(),
  late: z.literal(true).optional(),
  latencyMs: z.number().optional(),
});
