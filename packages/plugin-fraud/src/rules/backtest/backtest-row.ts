import type { Facts } from "../language/index.ts";

/** A payment of the past with its features as of it, and what became known of it since. */
export interface BacktestRow {
  readonly id: string;
  /** As they were when the payment was decided on; the first of them is that time, as of which lists and snoozes count. */
  readonly facts: Facts;
  /** Of the decision, by their names. */
  readonly features?: Readonly<Record<string, unknown>>;
  readonly amount: number;
  /** Whether it was fraud; undefined: nothing was heard of it, and it counts as honest. */
  readonly fraud?: boolean | undefined;
  /** Hashes of rulings made then, by rule set, as in `default/0`. */
  readonly hashes?: Readonly<Record<string, string>>;
}
