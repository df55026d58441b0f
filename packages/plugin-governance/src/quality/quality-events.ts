import { defineEvent } from "@ecap/sdk";
import { z } from "zod";

/** Results of the rules and profiles. One partition: what there is of a topic stands in one order. */
export const qualityTopic = "data-quality";
export const qualityTopicSpec = { partitions: 1, retentionMs: 30 * 86_400_000 } as const;

const level = z.enum(["warn", "fail"]);

export const qualityMeasured = defineEvent({
  type: "quality.measured",
  version: 1,
  topic: qualityTopic,
  description: "What the events of a topic that arrived in one minute came to, by rule and field",
  schema: z.object({
    topic: z.string(),
    /** Epoch milliseconds. What comes late is told in a further event of the same minute; they add up. */
    minute: z.number(),
    events: z.number(),
    types: z.array(z.object({ type: z.string(), events: z.number() })),
    results: z.array(
      z.object({
        rule: z.string(),
        level,
        /** "" for the event as a whole. */
        field: z.string(),
        checked: z.number(),
        failed: z.number(),
        /** Ids of some events that broke the rule. */
        examples: z.array(z.string()),
      }),
    ),
  }),
  subject: ({ topic }) => topic,
});

export const fieldProfileSchema = z.object({
  field: z.string(),
  count: z.number().int(),
  nulls: z.number().int(),
  nullShare: z.number(),
  distinct: z.number(),
  quantiles: z.record(z.string(), z.number()).optional(),
  top: z.array(z.object({ value: z.string(), count: z.number() })).optional(),
});

export const qualityProfiled = defineEvent({
  type: "quality.profiled",
  version: 1,
  topic: qualityTopic,
  description: "What the fields of an event type were like in one hour of arrival, from a sample",
  schema: z.object({
    topic: z.string(),
    type: z.string(),
    /** Epoch milliseconds. */
    hour: z.number(),
    /** Events that were looked into. */
    sampled: z.number(),
    /** False while the hour goes on. */
    final: z.boolean(),
    fields: z.array(fieldProfileSchema),
  }),
  subject: ({ type }) => type,
});

export const alertKinds = ["rule", "volume", "silence", "anomaly"] as const;

/** What is said of an alert, when it begins and when it ends. */
export const alertSchema = z.object({
  alertId: z.string(),
  kind: z.enum(alertKinds),
  /** The rule, or the series. */
  name: z.string(),
  topic: z.string().optional(),
  severity: z.enum(["warning", "critical"]),
  message: z.string(),
  /** When what it is about began, epoch milliseconds. */
  since: z.number(),
  /** The share that failed, events a minute, milliseconds of silence, or the series' value. */
  observed: z.number(),
  /** What was to be expected, and the bounds of what would have raised no alert. */
  expected: z.number().optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  /** Distance from the expected in robust standard deviations. */
  score: z.number().optional(),
  /** Whether it is of a time long past, as in a history that was imported. */
  historical: z.boolean(),
});
export type Alert = z.output<typeof alertSchema>;

export const alertRaised = defineEvent({
  type: "quality.alert.raised",
  version: 1,
  topic: "system-metrics",
  description:
    "A quality rule is broken too often, a topic is silent, or a number is not what its past lets expect",
  schema: alertSchema,
  subject: ({ name }) => name,
});

export const alertResolved = defineEvent({
  type: "quality.alert.resolved",
  version: 1,
  topic: "system-metrics",
  description: "What a quality alert was about is over",
  schema: alertSchema.extend({
    /** Epoch milliseconds. */
    until: z.number(),
    /** `recovered`; `accepted`: it lasted so long that it is the new normal; `no_data`: nothing more came to be checked. */
    reason: z.enum(["recovered", "accepted", "no_data"]),
  }),
  subject: ({ name }) => name,
});
export type ResolvedAlert = z.output<typeof alertResolved.schema>;
