/** What callers may say of any operation. */
export interface OperationOptions {
  /** Said of the commit in the history: the job, its input versions and offsets. */
  readonly commitInfo?: Readonly<Record<string, unknown>>;
}

/** What an operation did. */
export interface Outcome {
  /** The version it made; undefined where there was nothing to change. */
  readonly version: number | undefined;
  /** Counts as in the history: rows deleted, files added… */
  readonly metrics: Readonly<Record<string, number>>;
}

export const unchanged: Outcome = { version: undefined, metrics: {} };
