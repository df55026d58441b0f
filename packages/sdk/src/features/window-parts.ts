import { fnv1a } from "../hash/text-hash.ts";
import type { WindowSpec } from "../ports/state-store.ts";
import type { FeatureAggregate, WindowFeature } from "./feature.ts";

/** What a window takes in of an event: one, the value, its square, or the event's time. */
export type Intake = "one" | "value" | "square" | "time";

/** A window of the state store that a feature is made of. */
export interface WindowPart {
  readonly spec: WindowSpec;
  readonly intake: Intake;
  readonly series: string;
}

export interface Reading {
  /** Totals of the feature's parts, in their order. */
  readonly totals: ReadonlyArray<number | undefined>;
  /** Event time. */
  readonly at: number;
  /** The value at hand. */
  readonly value: number | string | undefined;
}

interface Aggregate {
  readonly parts: ReadonlyArray<readonly [WindowSpec["aggregate"], Intake]>;
  readonly read: (reading: Reading) => number | undefined;
  readonly before?: boolean;
}

const only = ({ totals }: Reading): number | undefined => totals[0];
const meanOf = ({ totals: [sum = 0, count = 0] }: Reading): number | undefined =>
  count === 0 ? undefined : sum / count;
const sumAndCount = [
  ["sum", "value"],
  ["count", "one"],
] as const;

/** Each aggregate as sums, counts and extremes that a store keeps, and how it is read from them. */
const aggregates: Readonly<Record<FeatureAggregate, Aggregate>> = {
  count: { parts: [["count", "one"]], read: only },
  sum: { parts: [["sum", "value"]], read: only },
  min: { parts: [["min", "value"]], read: only },
  max: { parts: [["max", "value"]], read: only },
  distinct: { parts: [["distinct", "value"]], read: only },
  mean: { parts: sumAndCount, read: meanOf },
  variance: { parts: [...sumAndCount, ["sum", "square"]], read: varianceOf },
  ratio: {
    parts: sumAndCount,
    before: true,
    read(reading) {
      const mean = meanOf(reading);
      return mean === undefined ? undefined : Number(reading.value) / mean;
    },
  },
  since_last: { parts: [["max", "time"]], before: true, read: sinceTotal },
  age: { parts: [["min", "time"]], read: sinceTotal },
};

/**
 * Sums of squares lose what is small beside the mean: of n values they are off by about n rounding errors of the largest sum. What is within that is
 * no variance. @see Chan, Golub & LeVeque, Algorithms for computing the sample variance, 1983
 */
function varianceOf({ totals: [sum = 0, count = 0, squares = 0] }: Reading): number | undefined {
  if (count < 2) return undefined;
  const scatter = squares - (sum * sum) / count;
  return scatter <= 4 * count * Number.EPSILON * squares ? 0 : scatter / (count - 1);
}

/** An event that came late may see one of a later time in its own bucket. */
function sinceTotal({ totals: [time], at }: Reading): number | undefined {
  return time === undefined ? undefined : Math.max(0, at - time);
}

export function readsBefore({
  aggregate,
  includes,
}: Pick<WindowFeature<never>, "aggregate" | "includes">): boolean {
  return includes === "before" || aggregates[aggregate].before === true;
}

export function readerOf(aggregate: FeatureAggregate): Aggregate["read"] {
  return aggregates[aggregate].read;
}

export function partsOf<Subject>(feature: WindowFeature<Subject>): readonly WindowPart[] {
  const { windowMs, delayMs, aggregate } = feature;
  const bucketMs = bucketOf(feature);
  const series = seriesOf(feature);
  return aggregates[aggregate].parts.map(([kind, intake]) => ({
    intake,
    series,
    spec: {
      // Squares and times of values are not added to the values.
      name: intake === "one" || intake === "value" ? series : `${series}~${intake}`,
      windowMs,
      bucketMs,
      aggregate: kind,
      ...(delayMs && { delayMs }),
    },
  }));
}

export function seriesOf({ series, name }: Pick<WindowFeature<never>, "series" | "name">): string {
  return series ?? name;
}

export function bucketOf({
  windowMs,
  bucketMs,
}: Pick<WindowFeature<never>, "windowMs" | "bucketMs">): number {
  return bucketMs ?? windowMs / 12;
}

/** Eight characters that differ where anything but a function differs. */
export function fingerprintOf(features: readonly object[]): string {
  const text = JSON.stringify(features, (_, member: unknown) =>
    typeof member === "number" && !Number.isFinite(member) ? String(member) : member,
  );
  return fnv1a(text).toString(16).padStart(8, "0");
}
