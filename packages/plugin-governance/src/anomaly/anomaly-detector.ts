import { clipped, median } from "./robust.ts";
import {
  emptyForecast,
  type ForecastSettings,
  type ForecastState,
  seasonalForecast,
  seasonsKnown,
} from "./seasonal-forecast.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What a series is of: how many, how much, or a share. */
export type SeriesUnit = "count" | "amount" | "ratio";

export interface AnomalySettings {
  readonly bucketMs: number;
  readonly unit: SeriesUnit;
  /** Which way an alert looks. Default "both". */
  readonly direction?: "both" | "up" | "down";
  /** Scales from the forecast that raise an alert. Default 5. */
  readonly threshold?: number;
  /** Scales under which the last three buckets together end one. Default 2. */
  readonly release?: number;
  /** Least difference from the forecast, in the series' own unit, that raises an alert. Default 0. */
  readonly leastChange?: number;
  /** How long after an alert the next can be raised. Default an hour. */
  readonly coolDownMs?: number;
  /** An alert older than this ends, and what came during it is the new normal. Default two days. */
  readonly acceptAfterMs?: number;
  readonly forecast?: Partial<ForecastSettings>;
}

export interface DetectorState {
  readonly forecast: ForecastState;
  /** Exponentially weighted mean of the residuals, in scales. */
  drift: number;
  /** Correlation of a residual with the one before. */
  correlation: number;
  /** The last three residuals, in scales. */
  recent: number[];
  alert: {
    readonly since: number;
    readonly threshold: number;
    calm: number;
    /** The newest residuals since. */
    residuals: number[];
  } | null;
  coolUntil: number;
}

export interface Verdict {
  /** `learning`: no alert can be raised yet. */
  readonly state: "learning" | "watching" | "alert";
  readonly change?: "raised" | "resolved" | "accepted";
  /** Absent while the first buckets are gathered. */
  readonly expected?: number;
  readonly low?: number;
  readonly high?: number;
  /** Scales from the forecast; of single buckets or of their drift, whichever is further off. */
  readonly score?: number;
  /** What the score is held against. */
  readonly threshold?: number;
}

/** Weight of the newest residual in the drift. */
const driftGain = 0.2;
/** A single residual moves the drift by no more than this many scales. */
const driftClip = 4;
const correlationGain = 0.003;
const mostCorrelation = 0.9;
const keptResiduals = 48;
const maxScore = 1_000;
/** Larger values count as this. */
const largest = 1e15;
const calmBuckets = 2;
/** Before an hour of the week is known only single buckets raise alerts, and only from this much further off. */
const earlyFactor = 2;

export function emptyDetector(): DetectorState {
  return {
    forecast: emptyForecast(),
    drift: 0,
    correlation: 0,
    recent: [],
    alert: null,
    coolUntil: 0,
  };
}

/**
 * Tells which buckets of a series are not what its past lets expect: a bucket for itself by its distance from a robust seasonal forecast, and
 * many small distances the same way by an exponentially weighted moving average of them. No alert within the first two days, and only
 * strong ones until each hour of the week was seen twice. An alert is open once; while it is, nothing is learned.
 *
 * @see {@link seasonalForecast}
 * @see Roberts, Control chart tests based on geometric moving averages, Technometrics 1 (1959)
 * @see Schmid, On EWMA charts for time series, Frontiers in Statistical Quality Control 5 (1997), for the correlation
 */
export function anomalyDetector(settings: AnomalySettings) {
  const { bucketMs, unit, direction = "both", leastChange = 0 } = settings;
  const { threshold = 5, release = 2, coolDownMs = hourMs } = settings;
  const { acceptAfterMs = 2 * dayMs } = settings;
  const forecast = seasonalForecast({
    bucketMs,
    learnMs: 2 * dayMs,
    levelHalfLifeMs: 3 * dayMs,
    scaleHalfLifeMs: 2 * dayMs,
    dayGain: 0.1,
    weekGain: 0.2,
    leastShare: 0.01,
    // Chance alone gives the scaled count this standard deviation.
    leastScale: unit === "count" ? 0.5 : 0,
    ...settings.forecast,
  });
  const { scaled, unscaled } = scales[unit];

  function isFar(score: number, limit: number): boolean {
    if (direction === "up") return score >= limit;
    if (direction === "down") return score <= -limit;
    return Math.abs(score) >= limit;
  }

  /** Takes the next bucket and changes the state. A value that is no finite number is passed over. */
  function take(state: DetectorState, start: number, given: number): Verdict {
    if (!Number.isFinite(given)) return { state: state.alert === null ? "learning" : "alert" };
    const value = scaled(Math.max(-largest, Math.min(largest, given)));
    const predicted = forecast.predict(state.forecast, start);
    if (predicted === undefined) {
      forecast.update(state.forecast, start, value);
      return { state: "learning" };
    }
    const { expected, scale, seen } = predicted;
    const residual = value - expected;
    const single = residual === 0 ? 0 : bounded(residual / scale, maxScore);
    state.drift += driftGain * (bounded(single, driftClip) - state.drift);
    if (state.alert === null) {
      const product = clipped(single) * clipped(state.recent.at(-1) ?? 0);
      state.correlation += correlationGain * (product - state.correlation);
    }
    state.recent = [...state.recent, single].slice(-3);
    const isEarly = seen < seasonsKnown;
    const drift = isEarly ? 0 : state.drift / driftScaleOf(state.correlation);
    const score = Math.abs(drift) > Math.abs(single) ? drift : single;
    const limit = state.alert?.threshold ?? (isEarly ? earlyFactor * threshold : threshold);
    const band = limit * scale;
    const verdict = {
      expected: unscaled(expected),
      low: unscaled(expected - band),
      high: unscaled(expected + band),
      score,
      threshold: limit,
    };
    if (state.alert !== null) {
      if (isEarly) forecast.update(state.forecast, start, value);
      return { ...verdict, ...during(state, start, residual) };
    }
    if (
      isFar(score, limit) &&
      start >= state.coolUntil &&
      Math.abs(given - verdict.expected) >= leastChange
    ) {
      state.alert = { since: start, threshold: limit, calm: 0, residuals: [residual] };
      return { ...verdict, state: "alert", change: "raised" };
    }
    forecast.update(state.forecast, start, value);
    return { ...verdict, state: "watching" };
  }

  function during(
    state: DetectorState,
    start: number,
    residual: number,
  ): Pick<Verdict, "state" | "change"> {
    const { alert, recent } = state;
    if (alert === null) return { state: "watching" };
    alert.residuals = [...alert.residuals, residual].slice(-keptResiduals);
    const together = recent.reduce((sum, each) => sum + each, 0) / Math.sqrt(recent.length);
    alert.calm = Math.abs(together) < release ? alert.calm + 1 : 0;
    const isAccepted = start - alert.since >= acceptAfterMs;
    if (alert.calm < calmBuckets && !isAccepted) return { state: "alert" };
    if (alert.calm < calmBuckets) state.forecast.level += median(alert.residuals);
    state.alert = null;
    state.drift = 0;
    state.coolUntil = start + coolDownMs;
    return {
      state: "watching",
      change: alert.calm < calmBuckets ? "accepted" : "resolved",
    };
  }

  return { take };
}

/** The standard deviation of the drift of residuals that follow one another with a correlation. */
function driftScaleOf(correlation: number): number {
  const carried = Math.max(0, Math.min(mostCorrelation, correlation)) * (1 - driftGain);
  return Math.sqrt(((driftGain / (2 - driftGain)) * (1 + carried)) / (1 - carried));
}

function bounded(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

interface Scale {
  readonly scaled: (value: number) => number;
  readonly unscaled: (scaled: number) => number;
}

/**
 * Scales on which residuals are alike, whatever the size of the values. A count is taken as half the sum of its root and the next one's, of
 * which chance makes one half as standard deviation.
 *
 * @see Freeman, Tukey, Transformations related to the angular and the square root, Annals of Mathematical Statistics 21 (1950)
 */
const scales: Readonly<Record<SeriesUnit, Scale>> = {
  count: {
    scaled(value) {
      const count = Math.max(0, value);
      return (Math.sqrt(count) + Math.sqrt(count + 1)) / 2;
    },
    unscaled: (scaled) => (scaled <= 0.5 ? 0 : (scaled - 1 / (4 * scaled)) ** 2),
  },
  amount: {
    scaled: (value) => Math.sign(value) * Math.sqrt(Math.abs(value)),
    unscaled: (scaled) => Math.sign(scaled) * scaled * scaled,
  },
  ratio: { scaled: (value) => value, unscaled: (scaled) => scaled },
};
