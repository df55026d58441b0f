import { biweight, clipped, median, robustScale } from "./robust.ts";

const hourMs = 3_600_000;
const weekHours = 168;
/** An hour of the week that was seen so often is known. */
export const seasonsKnown = 2;
/** What an hour of the week is told by its first visit. */
const firstGain = 0.8;
/** Hour 0 of the week is Monday's first, and the epoch was a Thursday. */
const epochHour = 72;

export interface ForecastSettings {
  /** Length of a bucket. */
  readonly bucketMs: number;
  /** Buckets are gathered this long, and then the first level, day and scale are taken from them. */
  readonly learnMs: number;
  /** In which a deviation of level, or of scale, is half forgotten. */
  readonly levelHalfLifeMs: number;
  readonly scaleHalfLifeMs: number;
  /** What a day says of its hours, and a week of its hours, once many were seen. */
  readonly dayGain: number;
  readonly weekGain: number;
  /** Least scale: a share of the forecast, … */
  readonly leastShare: number;
  /** … and an amount. */
  readonly leastScale: number;
}

/** Plain JSON of bounded size. Hours of the week begin with Monday's first, UTC. */
export interface ForecastState {
  /** Buckets taken. */
  count: number;
  /** Until the first levels are known: what came, by start. */
  learning: Array<[start: number, value: number]> | null;
  level: number;
  /** Scale of the residuals. */
  scale: number;
  /** By hour of the day, what it has above the level. */
  day: number[];
  /** By hour of the week, what it has above its day; and how often the hour was seen. */
  week: number[];
  weekSeen: number[];
}

export interface Forecast {
  readonly expected: number;
  readonly scale: number;
  /** Times this hour of the week was seen before. */
  readonly seen: number;
}

export function emptyForecast(): ForecastState {
  return {
    count: 0,
    learning: [],
    level: 0,
    scale: 0,
    day: zeros(24),
    week: zeros(weekHours),
    weekSeen: zeros(weekHours),
  };
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

/**
 * One step ahead by exponential smoothing with two seasons, the hours of the day and of the week, made robust: each value is first cleaned,
 * by Huber's ψ of its residual, and the residuals' scale follows by Tukey's bounded ρ, so that outliers move neither by much. Without a
 * trend: over buckets of minutes the level's own updating follows it. The first level, day and scale are medians.
 *
 * @see Gelper, Fried, Croux, Robust forecasting with exponential and Holt-Winters smoothing, Journal of Forecasting 29 (2010)
 * @see Taylor, Short-term electricity demand forecasting using double seasonal exponential smoothing, Journal of the Operational Research Society 54 (2003)
 */
export function seasonalForecast(settings: ForecastSettings) {
  const { bucketMs, learnMs, leastShare, leastScale } = settings;
  const levelGain = 1 - 0.5 ** (bucketMs / settings.levelHalfLifeMs);
  const scaleGain = 1 - 0.5 ** (bucketMs / settings.scaleHalfLifeMs);
  /** The part of an hour that a bucket is. */
  const ofHour = Math.min(1, bucketMs / hourMs);
  const perBucket = (gain: number): number => 1 - (1 - gain) ** ofHour;

  /** Undefined while the first buckets are gathered. */
  function predict(state: ForecastState, start: number): Forecast | undefined {
    if (state.learning !== null) return undefined;
    let expected = state.level;
    for (const [hour, weight] of hoursAt(start)) {
      expected += weight * ((state.day[hour % 24] ?? 0) + (state.week[hour] ?? 0));
    }
    const least = Math.max(leastScale, leastShare * Math.abs(expected));
    const seen = state.weekSeen[hourOfWeek(start)] ?? 0;
    return { expected, scale: Math.max(state.scale, least), seen };
  }

  /** Takes a bucket's value; buckets come in the order of time. Changes the state. */
  function update(state: ForecastState, start: number, value: number): void {
    const forecast = predict(state, start);
    state.count += 1;
    if (forecast === undefined) return gather(state, start, value);
    const { expected, scale } = forecast;
    const residual = value - expected;
    if (scale === 0) {
      state.scale = Math.sqrt(scaleGain) * Math.abs(residual);
      return;
    }
    const standardised = residual / scale;
    const variance = 1 + scaleGain * (biweight(standardised) - 1);
    state.scale = scale * Math.sqrt(variance);
    const isNew = forecast.seen < seasonsKnown;
    learn(state, start, clipped(standardised) * scale, isNew ? residual : undefined);
  }

  /** What each part does not explain is left to the next. Of an hour of the week that is new nothing is known that would make it an outlier. */
  function learn(
    state: ForecastState,
    start: number,
    cleaned: number,
    residual: number = cleaned,
  ): void {
    state.level += levelGain * cleaned;
    const ofHours = (1 - levelGain) * cleaned;
    for (const [hour, weight] of hoursAt(start)) {
      const ofDay = perBucket(settings.dayGain) * ofHours;
      state.day[hour % 24] = (state.day[hour % 24] ?? 0) + weight * ofDay;
      const gain = Math.max(settings.weekGain, firstGain / ((state.weekSeen[hour] ?? 0) + 1));
      const ofWeek = perBucket(gain) * (residual - levelGain * cleaned - ofDay);
      state.week[hour] = (state.week[hour] ?? 0) + weight * ofWeek;
    }
    see(state, start);
  }

  function see(state: ForecastState, start: number): void {
    const hour = hourOfWeek(start);
    state.weekSeen[hour] = Math.min(1_000, (state.weekSeen[hour] ?? 0) + ofHour);
  }

  /** The hours of the week whose middles the bucket's middle lies between, each with its part in it. */
  function hoursAt(start: number): ReadonlyArray<readonly [hour: number, weight: number]> {
    if (bucketMs >= hourMs) return [[hourOfWeek(start), 1]];
    const middle = start + bucketMs / 2 - hourMs / 2;
    const after = middle / hourMs - Math.floor(middle / hourMs);
    return [
      [hourOfWeek(middle), 1 - after],
      [hourOfWeek(middle + hourMs), after],
    ];
  }

  function gather(state: ForecastState, start: number, value: number): void {
    const gathered = state.learning ?? [];
    gathered.push([start, value]);
    const [first = start] = gathered[0] ?? [];
    if (start + bucketMs - first < learnMs) return;
    state.learning = null;
    state.level = median(gathered.map(([, each]) => each));
    for (let hour = 0; hour < 24; hour += 1) {
      const values = gathered.filter(([at]) => hourOfWeek(at) % 24 === hour);
      if (values.length === 0) continue;
      state.day[hour] = median(values.map(([, each]) => each)) - state.level;
    }
    state.scale = robustScale(
      gathered.map(([at, each]) => each - (predict(state, at)?.expected ?? each)),
    );
    for (const [at] of gathered) see(state, at);
  }

  return { predict, update };
}

function hourOfWeek(time: number): number {
  const hour = Math.floor(time / hourMs) + epochHour;
  return ((hour % weekHours) + weekHours) % weekHours;
}
