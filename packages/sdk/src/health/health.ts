/** What is going wrong, and since when; epoch milliseconds. */
export interface Trouble {
  readonly code: string;
  readonly since: number;
  /** Attempts so far, where they are counted. */
  readonly attempts?: number;
}

/** `waiting`: the breaker of its plugin is open. `fenced`: another process took the partition. */
export type ConsumerState = "running" | "waiting" | "failing" | "fenced";

export interface PartitionHealth {
  readonly topic: string;
  readonly partition: number;
  /** Offset everything before is done: in the state and the results of a topology, in the lake of a sink. Undefined before the first. */
  readonly position: number | undefined;
  /** When it last got on, epoch milliseconds. */
  readonly progressAt: number;
  readonly state: ConsumerState;
  readonly failing?: Trouble;
}

/** A consumer as one process runs it: a leg of a topology, or the lake sink of a topic. Its counts are of the partitions the process holds. */
export interface ConsumerHealth {
  /** Its consumer group. */
  readonly name: string;
  readonly kind: "topology" | "sink";
  /** That of its worst partition. */
  readonly state: ConsumerState;
  readonly failing?: Trouble;
  readonly partitions: readonly PartitionHealth[];
  /** Events that came after their window had closed. */
  readonly late: number;
  /** Events let go as repeats. */
  readonly duplicates: number;
  /** Windows and held events let go before their time because there were too many. */
  readonly forced: number;
  /** Events it put to the dead letters since this process took their partition. */
  readonly deadLetters: number;
  /** Retention took records away before they were read: how many, at most, and when that was last noticed. */
  readonly removed?: { readonly records: number; readonly at: number };
}

/** Who appends to the log in this process. */
export interface ProducerHealth {
  /** `collector`, `platform`, or `plugin/<name>`. */
  readonly name: string;
  /** Appends under way, and when the oldest of them began. */
  readonly inFlight: number;
  readonly oldestAt?: number;
  /** Records that were appended. */
  readonly records: number;
  /** Appends that failed. */
  readonly failures: number;
  readonly lastSuccessAt?: number;
  /** Since the first failure after the last success. */
  readonly failing?: Trouble;
}

export interface DependencyHealth {
  readonly name: string;
  readonly status: "ok" | "failed";
  /** Whether the process is not ready without it. */
  readonly needed: boolean;
  /** Since when it has been so, epoch milliseconds. */
  readonly since: number;
  readonly message?: string;
}

/** How one process is. */
export interface ProcessHealth {
  /** Differs with every start. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: number;
  /** When it said this. */
  readonly at: number;
  readonly work: readonly string[];
  readonly consumers: readonly ConsumerHealth[];
  readonly producers: readonly ProducerHealth[];
  readonly dependencies: readonly DependencyHealth[];
}

export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  readonly position: number | undefined;
  /** First offset held, and the one the next record gets. */
  readonly earliest: number;
  readonly next: number;
  /** Offsets it is behind. */
  readonly lag: number;
  /** Id of the process that holds it. */
  readonly process?: string;
}

/** A consumer over all processes. */
export interface ConsumerSummary {
  readonly name: string;
  readonly kind: "topology" | "sink";
  /** `absent`: no process that is heard of runs it. */
  readonly state: ConsumerState | "absent";
  readonly failing?: Trouble;
  readonly lag: number;
  readonly progressAt?: number;
  readonly partitions: readonly PartitionLag[];
  readonly late: number;
  readonly duplicates: number;
  readonly forced: number;
  readonly deadLetters: number;
  readonly removed?: { readonly records: number; readonly at: number };
}

export interface DeadLetterCount {
  /** The topic they were to go to. */
  readonly topic: string;
  /** Ever, and those retention has left. */
  readonly total: number;
  readonly held: number;
}

export interface Alert {
  readonly alertId: string;
  readonly kind: AlertKind;
  /** The consumer, producer, topic, dependency or process. */
  readonly target: string;
  readonly severity: "warning" | "critical";
  readonly message: string;
  readonly code?: string;
  readonly observed?: number;
  readonly limit?: number;
  /** When what it is about began, epoch milliseconds. */
  readonly since: number;
  readonly raisedAt: number;
}

export const alertKinds = [
  "consumer-lag",
  "consumer-failing",
  "consumer-breaker-open",
  "consumer-near-retention",
  "consumer-lost-records",
  "dead-letters",
  "producer-failing",
  "producer-stuck",
  "dependency-failing",
  "process-silent",
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** How a deployment is: every process that was heard of, and every consumer that should run, whether or not one runs it. */
export interface DeploymentHealth {
  readonly at: number;
  /** `degraded` where an alert is open or the log does not answer. */
  readonly status: "ok" | "degraded";
  /** Where it is `unreachable`, lags and dead letters are not known and left out. */
  readonly log: "ok" | "unreachable";
  readonly processes: ReadonlyArray<ProcessHealth & { readonly state: "alive" | "silent" }>;
  readonly consumers: readonly ConsumerSummary[];
  readonly deadLetters: readonly DeadLetterCount[];
  readonly alerts: readonly Alert[];
}
