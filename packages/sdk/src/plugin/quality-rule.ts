/** `warn`: worth knowing. `fail`: what breaks it should not be relied on. Neither holds an event up. */
export type QualityLevel = "warn" | "fail";

/**
 * What must hold. A field is a path into an event's data, as in `order_id` or `products[].price`, each element of an array being checked for
 * itself; with `@` before it a path into the envelope, as in `@actor.customerId`. But for completeness, a field that is absent, null or
 * empty takes no part.
 */
export type QualityCheck =
  /** The data fits the schema registered for its type. */
  | { readonly kind: "schema" }
  /** The field is there. */
  | { readonly kind: "completeness"; readonly field: string }
  /** A number, or the text of one, within bounds that belong to it. */
  | {
      readonly kind: "range";
      readonly field: string;
      readonly min?: number;
      /** A bound that does not belong to it. */
      readonly above?: number;
      readonly max?: number;
    }
  /** Text that the regular expression (with the flag `u`) finds, in its first 4,096 characters. */
  | { readonly kind: "pattern"; readonly field: string; readonly pattern: string }
  /** One of the values. Their counts may be shown, so the field must not be about people. */
  | {
      readonly kind: "allowed";
      readonly field: string;
      readonly values: ReadonlyArray<string | number | boolean>;
    }
  /** No text that can be a payment card's number: 13 to 19 digits with a right check digit. */
  | { readonly kind: "cardNumberFree"; readonly field: string }
  /** The key of a row in a table that a topology keeps by `toTable`. Looked up a minute later, so that rows may come after the events that name
   * them, and for a tenant from the first one on that is found: one who fills no such table breaks no rule. */
  | { readonly kind: "reference"; readonly field: string; readonly table: string }
  /** No other event of the topic had the value this long, by arrival. */
  | { readonly kind: "uniqueness"; readonly field: string; readonly withinMs: number }
  /** Event time is this close to arrival: not more than `maxLagMs` before it, nor `maxAheadMs` after it. */
  | { readonly kind: "freshness"; readonly maxLagMs?: number; readonly maxAheadMs?: number }
  /** The newest event is not older than this. Holds for a tenant once it has sent one. */
  | { readonly kind: "silence"; readonly maxMs: number }
  /** Events a minute, on average over some minutes (default 5). */
  | {
      readonly kind: "volume";
      readonly minPerMinute?: number;
      readonly maxPerMinute?: number;
      readonly overMinutes?: number;
    };

/** Something that must hold of the events of a topic, as data. */
export interface QualityRule {
  /** Unique in a platform; lower-case letters, digits and dashes. */
  readonly name: string;
  readonly topic: string;
  /** Default: every type of the topic. */
  readonly types?: readonly string[];
  readonly level: QualityLevel;
  /** One sentence that says what holds, as in "An order's total is not negative". */
  readonly description: string;
  readonly check: QualityCheck;
  /** Share of what was checked in a quarter of an hour that must pass; below it an alert is raised. Default 0.99 for `fail`, 0.9 for `warn`. */
  readonly minShare?: number;
}
