import type { EventEnvelope } from "@ecap/sdk";
import { z } from "zod";

const windows = z.strictObject({
  /** Of window results. */
  type: z.string().min(1),
  /** A regular expression that the results' key matches; what its first group finds names a series of its own. */
  key: z.string().default(""),
  /** What of a result is added up. */
  field: z.string().min(1),
});

/** A series made of a topology's window results, each bucket the sum over the windows that lie in it. */
export const metricSeriesSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  topic: z.string().min(1),
  ...windows.shape,
  /** Makes it a ratio: the sum above over this one. */
  over: windows.optional(),
  /** Least sum of `over` a bucket needs. Default 20. */
  leastOver: z.number().positive().default(20),
  unit: z.enum(["count", "amount", "ratio"]),
  bucketMs: z.number().int().min(60_000).default(1_800_000),
  direction: z.enum(["both", "up", "down"]).default("both"),
  leastChange: z.number().nonnegative().default(0),
});
export type MetricSeries = z.output<typeof metricSeriesSchema>;

/** What one window result adds to a bucket. */
export interface Point {
  readonly series: string;
  readonly metric: string;
  readonly bucket: number;
  readonly value: number;
  /** Whether it belongs to what the sum is divided by. */
  readonly isOver: boolean;
}

type Reader = (event: EventEnvelope) => Point | undefined;

/** What the results of a topic add to the series. */
export function pointReader(
  metrics: readonly MetricSeries[],
): (topic: string, event: EventEnvelope) => readonly Point[] {
  const byTopic = new Map<string, Reader[]>();
  for (const metric of metrics) {
    const readers = [reader(metric, metric, false)];
    if (metric.over !== undefined) readers.push(reader(metric, metric.over, true));
    byTopic.set(metric.topic, [...(byTopic.get(metric.topic) ?? []), ...readers]);
  }
  return (topic, event) =>
    (byTopic.get(topic) ?? []).flatMap((read) => {
      const point = read(event);
      return point === undefined ? [] : [point];
    });
}

function reader(
  { name, bucketMs }: MetricSeries,
  { type, key, field }: z.output<typeof windows>,
  isOver: boolean,
): Reader {
  const pattern = new RegExp(key, "u");
  return (event) => {
    const { data } = event;
    if (event.type !== type || data["final"] === false) return undefined;
    const found = pattern.exec(typeof data["key"] === "string" ? data["key"] : "");
    const [start, end] = [Number(data["windowStart"]), Number(data["windowEnd"])];
    const value = Number(data[field] ?? 0);
    if (found === null || !Number.isFinite(value) || !(start < end)) return undefined;
    const bucket = Math.floor(start / bucketMs) * bucketMs;
    if (end > bucket + bucketMs) return undefined;
    const series = found[1] === undefined ? name : `${name}/${found[1].slice(0, 64)}`;
    return { series, metric: name, bucket, value, isOver };
  };
}
