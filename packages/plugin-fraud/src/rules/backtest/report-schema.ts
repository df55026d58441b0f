import { provenance } from "@ecap/sdk/http";
import { z } from "zod";
import { outcomes } from "../../contract.ts";

const counts = z.object({ frauds: z.number(), honest: z.number() });
const confusion = z.object({
  stoppedFrauds: z.number(),
  stoppedHonest: z.number(),
  passedFrauds: z.number(),
  passedHonest: z.number(),
  precision: z.number().optional(),
  recall: z.number().optional(),
  saved: z.number(),
  lost: z.number(),
  honestAmountStopped: z.number(),
  byOutcome: z.record(z.enum(outcomes), counts),
});
/** A backtest's report as a response says it. */
export const reportSchema = z.object({
  candidate: z.string(),
  active: z.string(),
  rows: z.number(),
  labelled: z.number(),
  frauds: z.number(),
  amount: z.number(),
  figures: confusion,
  activeFigures: confusion,
  rules: z.array(
    z.object({
      rule: z.string(),
      frauds: z.number(),
      honest: z.number(),
      precision: z.number().optional(),
      recall: z.number().optional(),
      fraudAmount: z.number(),
      alone: z.number(),
    }),
  ),
  overlaps: z.array(
    z.object({ rules: z.tuple([z.string(), z.string()]), payments: z.number(), share: z.number() }),
  ),
  changes: z.array(
    z.object({
      active: z.enum(outcomes),
      candidate: z.enum(outcomes),
      payments: z.number(),
      frauds: z.number(),
      amount: z.number(),
      examples: z.array(z.string()),
    }),
  ),
  recorded: z.object({ compared: z.number(), equal: z.number() }),
  hash: z.string(),
  seconds: z.number(),
  behind: provenance.shape.behind,
});
