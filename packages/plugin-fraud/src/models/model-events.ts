import { defineEvent } from "@ecap/sdk";
import { z } from "zod";

const alert = z.object({
  alertId: z.string(),
  kind: z.enum(["decay", "score-drift", "feature-drift"]),
  /** Name and version of the model. */
  target: z.string(),
  severity: z.literal("warning"),
  message: z.string(),
  /** Loss of the measure, or the stability index. */
  observed: z.number(),
  limit: z.number(),
  /** Of the proposal to train again. */
  proposal: z.string(),
  /** Epoch milliseconds. */
  raisedAt: z.number(),
});

export const modelAlertRaised = defineEvent({
  type: "model.alert.raised",
  version: 1,
  topic: "system-metrics",
  description:
    "The model that decides drifted, or tells frauds apart less well than it did: it is proposed to train another",
  schema: alert,
  subject: ({ target }) => target,
});

export const modelAlertResolved = defineEvent({
  type: "model.alert.resolved",
  version: 1,
  topic: "system-metrics",
  description: "A proposal to train a model again was answered, or another model decides by now",
  schema: alert.extend({
    resolvedAt: z.number(),
    reason: z.enum(["accepted", "dismissed", "overtaken"]),
  }),
  subject: ({ target }) => target,
});
