import type { Transaction } from "../contract.ts";

/** What the signals of one payment found. */
export interface Readings {
  /** Features by name; what is not known is absent. */
  readonly numbers: Readonly<Record<string, number>>;
  /** The evidence, by the names rules know it by. */
  readonly texts: Readonly<Record<string, string>>;
  /** What could not be looked at, and why where that is not plain. */
  readonly missing: readonly string[];
}

/** Money that went back to the customer. It counts for the customer's history and is no payment. */
export interface Refund {
  /** Whether it was given because the customer says that nothing came. */
  readonly claimed: boolean;
}

/** A payment with what its signals found; or, of its customer, a refund. */
export type PaymentSubject = Transaction & {
  readonly readings?: Readings;
  readonly refund?: Refund;
};

export interface Found {
  readonly numbers: Record<string, number>;
  readonly texts: Record<string, string>;
  readonly missing: string[];
}

/** One way to look at a payment: at once, without state, and without failing. */
export interface Signal {
  /** Features it may give. */
  readonly numbers: readonly string[];
  /** Evidence it may give. */
  readonly texts: readonly string[];
  read(payment: Transaction, found: Found): void;
}

export function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
