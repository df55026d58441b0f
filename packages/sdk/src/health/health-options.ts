export interface HealthOptions {
  /** Tenant of the alert events. Default "default". */
  readonly tenant?: string;
  /** How often a process publishes its health and one of them looks for alerts. Default 15,000. */
  readonly everyMs?: number;
  /** A process not heard of for this long is silent. Default 60,000. */
  readonly silentAfterMs?: number;
  /** A silent process is forgotten after this. Default 3,600,000. */
  readonly forgetAfterMs?: number;
  readonly limits?: Partial<AlertLimits>;
}

/** From when on something is worth an alert. */
export interface AlertLimits {
  /** Records a consumer may be behind. Default 50,000; below half of it an alert ends. */
  readonly lagRecords: number;
  /** … for this long. Default 60,000. */
  readonly lagForMs: number;
  /** How long a consumer may fail, or wait for its breaker. Default 30,000. */
  readonly failingForMs: number;
  /** Share of what a log holds, from its oldest end, in which a consumer is too near to what retention removes. Default 0.2. */
  readonly nearRetentionShare: number;
  /** How long a loss to retention is told. Default 3,600,000. */
  readonly lostForMs: number;
  /** Dead letters of a topic a minute. Default 60; below half of it an alert ends. */
  readonly deadLettersPerMinute: number;
  /** How long a producer may fail, and how long an append may be under way. Default 30,000. */
  readonly producerForMs: number;
  /** How long a dependency may fail. Default 30,000. */
  readonly dependencyForMs: number;
  /** An alert ends when what it is about is over for this long. Default 60,000. */
  readonly clearAfterMs: number;
}

export const defaultAlertLimits: AlertLimits = {
  lagRecords: 50_000,
  lagForMs: 60_000,
  failingForMs: 30_000,
  nearRetentionShare: 0.2,
  lostForMs: 3_600_000,
  deadLettersPerMinute: 60,
  producerForMs: 30_000,
  dependencyForMs: 30_000,
  clearAfterMs: 60_000,
};

export interface HealthSettings extends Required<Omit<HealthOptions, "limits">> {
  readonly limits: AlertLimits;
}

export function healthSettings(options: HealthOptions = {}): HealthSettings {
  return {
    tenant: "default",
    everyMs: 15_000,
    silentAfterMs: 60_000,
    forgetAfterMs: 3_600_000,
    ...options,
    limits: { ...defaultAlertLimits, ...options.limits },
  };
}
