import { z } from "zod";
import { defineEvent } from "../events/event-definition.ts";
import { alertKinds } from "./health.ts";

const alert = z.object({
  alertId: z.string(),
  kind: z.enum(alertKinds),
  /** The consumer, producer, topic, dependency or process. */
  target: z.string(),
  severity: z.enum(["warning", "critical"]),
  message: z.string(),
  code: z.string().optional(),
  observed: z.number().optional(),
  limit: z.number().optional(),
  /** Epoch milliseconds. */
  since: z.number(),
  raisedAt: z.number(),
});

export const systemAlertRaised = defineEvent({
  type: "system.alert.raised",
  version: 1,
  topic: "system-metrics",
  description: "A consumer, producer, dependency or process of the platform is not as it should be",
  schema: alert,
  subject: ({ target }) => target,
});

export const systemAlertResolved = defineEvent({
  type: "system.alert.resolved",
  version: 1,
  topic: "system-metrics",
  description: "What an alert of the platform was about is over",
  schema: alert.extend({ resolvedAt: z.number() }),
  subject: ({ target }) => target,
});

/** Events the platform itself makes. */
export const systemEvents = [systemAlertRaised, systemAlertResolved] as const;
