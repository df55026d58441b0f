import {
  type AnomalySettings,
  anomalyDetector,
  type DetectorState,
  emptyDetector,
  type Verdict,
} from "../anomaly/anomaly-detector.ts";
import type { Outbox } from "./outbox.ts";
import type { Alert } from "./quality-events.ts";

/** What is known of one series of one tenant. Plain JSON. */
export interface SeriesState {
  readonly metric: string;
  /** Buckets that are not over: what was added up, and when last. */
  readonly open: ReadonlyArray<
    readonly [bucket: number, value: number, over: number, touchedAt: number]
  >;
  /** The bucket after the last that is over; null before the first. */
  readonly next: number | null;
  readonly detector: DetectorState;
  readonly alert: Alert | null;
  /** The newest bucket that is over. */
  readonly last: (Verdict & { readonly bucket: number; readonly value: number }) | null;
}

/** How a series is judged. */
export interface SeriesSettings extends AnomalySettings {
  /** Whether a bucket of which nothing is known is one of zero; otherwise it is passed over. */
  readonly missingIsZero: boolean;
  /** Least sum to divide by; a bucket with less is passed over. Absent: nothing is divided. */
  readonly leastOver?: number;
  /** How long after its end, and after the last news of it and those before it, a bucket is over. */
  readonly quietMs: number;
  readonly topic: string;
}

/** Past it the oldest are over early. */
const maxOpenBuckets = 10_000;
/** A longer stretch of which nothing is known is passed over. */
const longestGapMs = 7 * 86_400_000;

export function emptySeries(metric: string): SeriesState {
  return { metric, open: [], next: null, detector: emptyDetector(), alert: null, last: null };
}

/** Adds news of a bucket. What comes for one that is over is too late to be judged. */
export function addPoint(
  state: SeriesState,
  point: { readonly bucket: number; readonly value: number; readonly over: number },
  now: number,
): SeriesState {
  const { bucket, value, over } = point;
  if (state.next !== null && bucket < state.next) return state;
  const at = state.open.findIndex(([start]) => start >= bucket);
  const held = state.open[at];
  if (held !== undefined && held[0] === bucket) {
    const sum = [bucket, held[1] + value, held[2] + over, now] as const;
    return { ...state, open: state.open.with(at, sum) };
  }
  const place = at < 0 ? state.open.length : at;
  return { ...state, open: state.open.toSpliced(place, 0, [bucket, value, over, now]) };
}

/** Judges the buckets that are over, in order. The same state where none is. */
export function watchSeries(
  state: SeriesState,
  name: string,
  context: {
    readonly tenant: string;
    readonly settings: SeriesSettings;
    readonly now: number;
    readonly outbox: Outbox;
  },
): SeriesState {
  const { settings, now } = context;
  const { over, open } = bucketsOver(state, settings, now);
  if (over.length === 0) return state;
  const detector = structuredClone(state.detector);
  const { take } = anomalyDetector(settings);
  let { alert, last } = state;
  for (const { bucket, known } of over) {
    const value = valueOf(known, settings);
    if (value === undefined) continue;
    const verdict = take(detector, bucket, value);
    last = { ...verdict, bucket, value };
    alert = follow(alert, { name, bucket, value, verdict }, context);
  }
  const next = (over.at(-1)?.bucket ?? 0) + settings.bucketMs;
  return { ...state, open, next, detector, alert, last };
}

type OpenBucket = SeriesState["open"][number];

/** The buckets that are over at this time, with those of which nothing is known between them, and those that stay open. */
function bucketsOver(
  state: SeriesState,
  { bucketMs, quietMs, missingIsZero }: SeriesSettings,
  now: number,
): {
  readonly over: ReadonlyArray<{ readonly bucket: number; readonly known?: OpenBucket }>;
  readonly open: readonly OpenBucket[];
} {
  const over: Array<{ readonly bucket: number; readonly known?: OpenBucket }> = [];
  let { next } = state;
  let taken = 0;
  let touched = -Infinity;
  for (;;) {
    const first = state.open[taken];
    const isMissing = next !== null && missingIsZero && (first === undefined || next < first[0]);
    const isLong = next !== null && first !== undefined && first[0] - next > longestGapMs;
    const bucket = isMissing && !isLong ? next : first?.[0];
    if (bucket === undefined || bucket === null) break;
    const known = first?.[0] === bucket ? first : undefined;
    touched = Math.max(touched, known?.[3] ?? -Infinity);
    const isForced = state.open.length - taken > maxOpenBuckets;
    if (now < Math.max(bucket + bucketMs, touched) + quietMs && !isForced) break;
    if (known !== undefined) taken += 1;
    over.push(known === undefined ? { bucket } : { bucket, known });
    next = bucket + bucketMs;
  }
  return { over, open: state.open.slice(taken) };
}

function valueOf(
  bucket: SeriesState["open"][number] | undefined,
  { leastOver, missingIsZero }: SeriesSettings,
): number | undefined {
  if (bucket === undefined) return missingIsZero ? 0 : undefined;
  const [, value, over] = bucket;
  if (leastOver === undefined) return value;
  return over >= leastOver ? value / over : undefined;
}

function follow(
  alert: Alert | null,
  {
    name,
    bucket,
    value,
    verdict,
  }: { name: string; bucket: number; value: number; verdict: Verdict },
  { tenant, settings, outbox }: Parameters<typeof watchSeries>[2],
): Alert | null {
  const { change, expected, low, high, score = 0, threshold = 0 } = verdict;
  if (change === "raised") {
    const way = score < 0 ? "below" : "above";
    return outbox.raise(tenant, {
      kind: "anomaly",
      name,
      topic: settings.topic,
      severity: Math.abs(score) >= 2 * threshold ? "critical" : "warning",
      message: `${name} is ${way} what is usual: ${shown(value)}, where ${shown(expected ?? 0)} was expected`,
      since: bucket,
      observed: value,
      ...(expected !== undefined && { expected, low, high }),
      score,
    });
  }
  if (change === undefined || alert === null) return alert;
  const reason = change === "accepted" ? "accepted" : "recovered";
  outbox.resolve(tenant, alert, { until: bucket, reason });
  return null;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
