import { z } from "zod";
import { outcomes } from "../contract.ts";

/** What a rule set may hold at most. */
export const ruleSetLimits = { rules: 1_000, descriptionLength: 500 } as const;

const identifier = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "lower-case letters, digits, - and _; at most 64");
/** Names of lists stand in expressions, after `lists.`. */
export const listName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,63}$/, "lower-case letters, digits and _; at most 64");
const description = z.string().max(ruleSetLimits.descriptionLength);
const points = z.number().min(0).max(100);

export const ruleSchema = z.strictObject({
  id: identifier,
  description: description.optional(),
  when: z.string().describe("An expression that is true or false"),
  points: z
    .union([z.number().min(-100).max(100), z.string()])
    .default(0)
    .describe(
      "What it adds to the score, from -100 to 100: a number, or an expression that gives one",
    ),
  code: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "capital letters, digits and _; at most 64")
    .describe("Reason code, as in CARD_VELOCITY"),
  detail: z
    .string()
    .max(ruleSetLimits.descriptionLength)
    .optional()
    .describe(
      "What was seen, with expressions in braces: {card.count_10m} payments with this card",
    ),
  outcome: z
    .enum(outcomes)
    .optional()
    .describe("What it asks for by itself; without one it speaks through the score alone"),
  priority: z
    .number()
    .int()
    .min(0)
    .max(1_000)
    .default(0)
    .describe(
      "Of the outcomes asked for those of the highest priority count, of these the most severe; the score asks with priority 0",
    ),
  enabled: z.boolean().default(true),
});

/** A rule set as people write it. */
export const ruleSetSchema = z
  .strictObject({
    name: identifier.describe("What it is called, as in default"),
    description: description.optional(),
    thresholds: z
      .strictObject({ challenge: points, review: points, decline: points })
      .refine(({ challenge, review, decline }) => challenge <= review && review <= decline, {
        message: "must ascend: challenge, review, decline",
      })
      .optional()
      .describe("Least score of each outcome above approve; default: those of the plugin"),
    maxDeclinesPerMinute: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(600)
      .describe(
        "Of the payments of one minute so many are declined at most; those beyond go to review, for a bad rule must not close the shop",
      ),
    rules: z.array(ruleSchema).max(ruleSetLimits.rules),
  })
  .superRefine(({ rules }, context) => {
    const seen = new Set<string>();
    rules.forEach(({ id }, index) => {
      if (seen.has(id))
        context.addIssue({
          code: "custom",
          message: `two rules are called "${id}"`,
          path: ["rules", index, "id"],
        });
      seen.add(id);
    });
  });

/** A rule set with its defaults filled in. */
export type RuleSet = z.output<typeof ruleSetSchema>;
export type Rule = RuleSet["rules"][number];
/** As it is written. */
export type RuleSetDocument = z.input<typeof ruleSetSchema>;
