/** Something that happened, as a feature set sees it. */
export interface Occurrence<Subject> {
  readonly tenant: string;
  /** Id of the event: contributing twice changes nothing. */
  readonly id: string;
  /** Event time, whole epoch milliseconds. */
  readonly at: number;
  readonly subject: Subject;
}

/**
 * - `count` of what takes part; `sum`, `mean`, `min`, `max` and `distinct` of its values
 * - `variance`: of the sample (n − 1); missing below two values, 0 where it is within the rounding error of doubles
 * - `ratio`: the value at hand to the mean of those before it
 * - `since_last`: milliseconds since the newest before it
 * - `age`: milliseconds since the oldest in the window, which is when the entity was first seen, at most the window ago
 */
export type FeatureAggregate =
  | "count"
  | "sum"
  | "mean"
  | "variance"
  | "min"
  | "max"
  | "distinct"
  | "ratio"
  | "since_last"
  | "age";

interface NamedFeature {
  /** As in `card_count_1h`. */
  readonly name: string;
  /** Value where there is no entity, nothing to aggregate, or no finite number comes out. `NaN` leaves it unknown. Default 0. */
  readonly missing?: number;
}

/**
 * One number about an entity over a sliding window, by one definition for every place it is used.
 *
 * A window is divided into buckets; its start rounds to less information, and so does its end where there is a delay. The event at hand is part of
 * the value, or not, as `includes` says. Events of several kinds may contribute to one set: a subject has the members its event knows, and takes
 * part in the features that ask for no other.
 */
export interface WindowFeature<Subject> extends NamedFeature {
  /** The kind of entity, as in "card". */
  readonly entity: string;
  /** The entity's id, seen up to 256 characters; without one the feature has its `missing` value. */
  readonly key: (subject: Subject) => string | undefined;
  readonly aggregate: FeatureAggregate;
  /** What goes into the aggregate: a number, finite and at most 1e100, or for `distinct` a text, seen up to 256 characters. What is neither takes no part. Absent: 1. */
  readonly value?: (subject: Subject) => number | string | undefined;
  /** Which subjects take part. Default: all. */
  readonly filter?: (subject: Subject) => boolean;
  /** From a minute to 90 days. */
  readonly windowMs: number;
  /** 1 makes the window exact, at the price of a bucket an event. Default: a twelfth of the window. */
  readonly bucketMs?: number;
  /** The value is as of this long before the event, for what is known only later; at most 90 days. What arrives later still counts from when it arrived. */
  readonly delayMs?: number;
  /** Whether the value counts the subject itself; `ratio` and `since_last` never do. Default "current". */
  readonly includes?: "current" | "before";
  /** Features of one entity with the same series, filter and value share what is kept where they have the same bucket too. Part of its key in the store. Default: the name. */
  readonly series?: string;
}

/** A number made of the event itself and of the features before it in the set. */
export interface DerivedFeature<Subject> extends NamedFeature {
  readonly derive: (values: FeatureValues, occurrence: Occurrence<Subject>) => number | undefined;
}

export type FeatureDefinition<Subject> = WindowFeature<Subject> | DerivedFeature<Subject>;

export type FeatureValues = Readonly<Record<string, number>>;

export function isWindowFeature<Subject>(
  feature: FeatureDefinition<Subject>,
): feature is WindowFeature<Subject> {
  return "aggregate" in feature;
}
