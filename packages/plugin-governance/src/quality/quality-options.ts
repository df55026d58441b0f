import { z } from "zod";
import { metricSeriesSchema } from "./metric-series.ts";

const field = z.string().min(1);
const check = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("schema") }),
  z.strictObject({ kind: z.literal("completeness"), field }),
  z.strictObject({
    kind: z.literal("range"),
    field,
    min: z.number().optional(),
    above: z.number().optional(),
    max: z.number().optional(),
  }),
  z.strictObject({
    kind: z.literal("pattern"),
    field,
    pattern: z.string().refine(isPattern, "expected a regular expression"),
  }),
  z.strictObject({
    kind: z.literal("allowed"),
    field,
    values: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
  }),
  z.strictObject({ kind: z.literal("cardNumberFree"), field }),
  z.strictObject({ kind: z.literal("reference"), field, table: z.string().min(1) }),
  z.strictObject({ kind: z.literal("uniqueness"), field, withinMs: z.number().positive() }),
  z.strictObject({
    kind: z.literal("freshness"),
    maxLagMs: z.number().nonnegative().optional(),
    maxAheadMs: z.number().nonnegative().optional(),
  }),
  z.strictObject({ kind: z.literal("silence"), maxMs: z.number().positive() }),
  z.strictObject({
    kind: z.literal("volume"),
    minPerMinute: z.number().nonnegative().optional(),
    maxPerMinute: z.number().nonnegative().optional(),
    overMinutes: z.number().int().min(1).max(30).optional(),
  }),
]);

const rule = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "lower-case letters, digits and dashes"),
  topic: z.string().min(1),
  types: z.array(z.string()).optional(),
  level: z.enum(["warn", "fail"]),
  description: z.string(),
  check,
  minShare: z.number().min(0).max(1).optional(),
});

const minuteMs = 60_000;
const orders = { topic: "live-metrics", type: "bi-live-orders.window" } as const;

/** Of the live metrics of the plugin bi, where it is there. */
const defaultMetrics: z.input<typeof metricSeriesSchema>[] = [
  { name: "orders", ...orders, key: "^([A-Z]{3})\\|all\\|$", field: "orders", unit: "count" },
  { name: "revenue", ...orders, key: "^([A-Z]{3})\\|all\\|$", field: "revenue", unit: "amount" },
  {
    name: "conversion",
    ...orders,
    key: "^[A-Z]*\\|all\\|$",
    field: "orders",
    over: { type: "bi-live-visits.window", key: "^\\|all\\|$", field: "sessions" },
    unit: "ratio",
  },
];

export const qualityOptions = z.strictObject({
  /** Beside those of the plugins. One with the name of a plugin's rule takes its place. */
  rules: z.array(rule).max(1_000).default([]),
  /** Names of rules that are not watched. */
  without: z.array(z.string()).default([]),
  /** Each so manyth event is looked into for the profiles; 0: there are none. */
  profileEvery: z.number().int().min(0).default(10),
  /** Series whose anomalies raise alerts, beside the events of each topic. */
  metrics: z.array(metricSeriesSchema).max(100).prefault(defaultMetrics),
  /** Bucket of the events of a topic. */
  volumeBucketMs: z
    .number()
    .int()
    .min(minuteMs)
    .default(5 * minuteMs),
  /** Robust standard deviations from the forecast that raise an alert; 0: no anomalies are looked for. */
  threshold: z.number().min(0).default(5),
});
export type QualityOptions = z.output<typeof qualityOptions>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u").unicode;
  } catch {
    return false;
  }
}
