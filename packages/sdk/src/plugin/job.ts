export interface JobContext {
  /** Aborted at the time limit and on shutdown. */
  readonly signal: AbortSignal;
}

/** Work on a schedule; one instance of a deployment runs each at a time. */
export interface Job {
  readonly name: string;
  /** Every so many milliseconds, or a cron expression of five fields in UTC. */
  readonly schedule: { readonly everyMs: number } | { readonly cron: string };
  /** Default 600,000. */
  readonly timeoutMs?: number;
  /** Further tries after a failure, each after twice the wait of the one before. Default 2. */
  readonly retries?: number;
  /** Resolves a short report kept in the job's history. */
  readonly run: (context: JobContext) => Promise<Readonly<Record<string, unknown>> | void>;
}
