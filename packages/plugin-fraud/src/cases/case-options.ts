import { z } from "zod";
import { type Outcome, outcomes } from "../contract.ts";

/** Kinds of things that payments have in common. */
export const entityKinds = ["customer", "card", "device", "email", "phone", "ip"] as const;
export type EntityKind = (typeof entityKinds)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const span = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What holds where nothing is said. */
export const defaultCaseOptions = {
  outcomes: ["review", "decline"] as Outcome[],
  maxAlerts: 100,
  keepDays: 730,
  linkWithinMs: {
    customer: 30 * dayMs,
    card: 30 * dayMs,
    device: 7 * dayMs,
    email: 30 * dayMs,
    phone: 30 * dayMs,
    ip: hourMs,
  },
  due: [
    { expectedLoss: 500, withinMs: 4 * hourMs },
    { expectedLoss: 100, withinMs: dayMs },
    { expectedLoss: 0, withinMs: 3 * dayMs },
  ],
} satisfies CaseOptions;

export interface CaseOptions {
  /** Decisions that become alerts. */
  readonly outcomes: readonly Outcome[];
  /** Most alerts that are put into one case; what comes after begins another. */
  readonly maxAlerts: number;
  /** How long closed cases are kept, with their notes and files. */
  readonly keepDays: number;
  /** How long after (or before) an alert another with the same customer, card, device, e-mail, telephone or IP address belongs to its case. An address is shared by strangers, so not for long. */
  readonly linkWithinMs: Readonly<Record<EntityKind, number>>;
  /** When a case is due, by its expected loss: the first entry that it reaches. */
  readonly due: ReadonlyArray<{ readonly expectedLoss: number; readonly withinMs: number }>;
}

export const caseOptions = z
  .strictObject({
    outcomes: z.array(z.enum(outcomes)).min(1).default(defaultCaseOptions.outcomes),
    maxAlerts: z.number().int().min(1).max(1_000).default(defaultCaseOptions.maxAlerts),
    keepDays: z.number().int().min(1).max(36_500).default(defaultCaseOptions.keepDays),
    linkWithinMs: z
      .strictObject({
        customer: span,
        card: span,
        device: span,
        email: span,
        phone: span,
        ip: span,
      })
      .default(defaultCaseOptions.linkWithinMs),
    due: z
      .array(z.strictObject({ expectedLoss: z.number().min(0), withinMs: span }))
      .min(1)
      .max(20)
      .default(defaultCaseOptions.due),
  })
  .default(defaultCaseOptions);
