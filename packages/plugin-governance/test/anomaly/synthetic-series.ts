/** Seeded pseudo-random numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** A Monday. */
export const firstDay = Date.UTC(2026, 0, 5);

/** A stretch in which there is this many times as much. Times from the beginning. */
export interface Disturbance {
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

export interface SyntheticSeries {
  readonly seed: number;
  /** Events an hour at the busiest, about. */
  readonly perHour: number;
  readonly bucketMs: number;
  readonly days: number;
  readonly disturbances?: readonly Disturbance[];
}

/** Counts with seasons of day and week, noise that carries over from bucket to bucket, and Poisson chance. */
export function syntheticCounts({
  seed,
  perHour,
  bucketMs,
  days,
  disturbances = [],
}: SyntheticSeries): ReadonlyArray<readonly [start: number, value: number]> {
  const random = seeded(seed);
  let carried = 0;
  return Array.from({ length: Math.floor((days * dayMs) / bucketMs) }, (_, i) => {
    const at = i * bucketMs;
    carried = 0.7 * carried + 0.1 * (random() - 0.5);
    const factor = disturbances.find(({ from, to }) => at >= from && at < to)?.factor ?? 1;
    const perBucket = perHour * (bucketMs / hourMs);
    const mean = perBucket * season(firstDay + at) * (1 + carried) * factor;
    return [firstDay + at, poisson(random, Math.max(mean, 0.01))] as const;
  });
}

function season(time: number): number {
  const date = new Date(time);
  const hour = date.getUTCHours() + date.getUTCMinutes() / 60;
  const isWeekend = date.getUTCDay() % 6 === 0;
  const day = 0.15 + Math.max(0, Math.sin(((hour - 6) / 18) * Math.PI)) ** 1.5;
  return day * (isWeekend ? 1.4 : 1);
}

function poisson(random: () => number, mean: number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  let count = 0;
  for (let left = random(); left > Math.exp(-mean); left *= random()) count += 1;
  return count;
}
