import type { WindowSpec } from "../ports/state-store.ts";

/**
 * One number about an entity over a sliding window, by one definition for every place it is used.
 *
 * A window is divided into buckets; its start rounds to less information. The event at hand is part of the value, or not, as `includes` says.
 */
export interface FeatureDefinition<Subject> {
  /** As in `card_count_1h`. */
  readonly name: string;
  /** The kind of entity, as in "card". */
  readonly entity: string;
  /** The entity's id; without one the feature has its `missing` value. */
  readonly key: (subject: Subject) => string | undefined;
  readonly aggregate: WindowSpec["aggregate"];
  /** What goes into the aggregate: a number (sum, min, max) or a text (distinct). undefined: this subject takes no part. Absent: 1. */
  readonly value?: (subject: Subject) => number | string | undefined;
  /** Which subjects take part. Default: all. */
  readonly filter?: (subject: Subject) => boolean;
  readonly windowMs: number;
  /** Default: a twelfth of the window. */
  readonly bucketMs?: number;
  /** Whether the value counts the subject itself. Default "current". */
  readonly includes?: "current" | "before";
  /** Value where there is no entity or nothing to aggregate. Default 0. */
  readonly missing?: number;
}

export type FeatureValues = Readonly<Record<string, number>>;
