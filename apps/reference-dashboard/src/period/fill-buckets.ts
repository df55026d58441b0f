import type { Grain, RevenuePoint } from "../api/answers.ts";
import { dayMs, type Period } from "./period.ts";

export interface Bucket extends RevenuePoint {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Its time is not over yet. */
  readonly isRunning: boolean;
}

const nothing = {
  gross: "0",
  refunded: "0",
  adjustments: "0",
  net: "0",
  orders: 0,
  units: 0,
  averageOrderValue: "0",
} as const;
const maxBuckets = 5_000;

/** The points with the buckets between them that had no sales; all time begins with its first sale. */
export function fillBuckets(
  points: readonly RevenuePoint[],
  period: Period,
  now: number,
): readonly Bucket[] {
  const { grain } = period;
  const known = new Map(points.map((point) => [Date.parse(point.start), point]));
  const first = Math.min(...known.keys());
  if (!Number.isFinite(first)) return [];
  const last = Math.max(...known.keys());
  const from = period.preset === "all" ? first : Math.min(first, startOf(period.from, grain));
  const until = Math.max(last + 1, period.preset === "all" ? last + 1 : Math.min(period.to, now));
  const filled: Bucket[] = [];
  for (let at = from; at < until && filled.length < maxBuckets; at = next(at, grain)) {
    const point = known.get(at) ?? { ...nothing, start: new Date(at).toISOString() };
    filled.push({ ...point, at, isRunning: at <= now && now < next(at, grain) });
  }
  return filled;
}

function startOf(instant: number, grain: Grain): number {
  const date = new Date(instant);
  if (grain === "hour") return Math.floor(instant / 3_600_000) * 3_600_000;
  const midnight = Math.floor(instant / dayMs) * dayMs;
  if (grain === "day") return midnight;
  // Weeks begin on Monday (ISO 8601).
  if (grain === "week") return midnight - ((date.getUTCDay() + 6) % 7) * dayMs;
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function next(start: number, grain: Grain): number {
  if (grain === "hour") return start + 3_600_000;
  if (grain === "day") return start + dayMs;
  if (grain === "week") return start + 7 * dayMs;
  const date = new Date(start);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
