/** How far a running topology is with one partition of its input. */
export interface PartitionStatus {
  /** The leg: the topology's name, or `<name>.2` and so on past an intermediate topic. */
  readonly leg: string;
  readonly topic: string;
  readonly partition: number;
  /** Offset the state includes everything before; undefined before the first commit. */
  readonly offset: number | undefined;
  /** Epoch milliseconds; undefined before the first event. */
  readonly watermark: number | undefined;
  /** Open windows, and events held for a join. */
  readonly openWindows: number;
  /** Events that came after their window had closed. */
  readonly late: number;
  /** Events let go as duplicates. */
  readonly duplicates: number;
  /** Windows and held events let go before their time because there were too many. */
  readonly forced: number;
  /** When it last got on, epoch milliseconds. */
  readonly progressAt: number;
  /** `waiting`: for its breaker. `fenced`: another took the partition. */
  readonly state: "running" | "waiting" | "failing" | "fenced";
  /** The last error, and since when attempts fail. */
  readonly failing?: { readonly code: string; readonly since: number; readonly attempts: number };
  /** Events put to the dead letters since this process took the partition. */
  readonly deadLetters: number;
  /** Records that retention removed before they were read: how many at most, and when that was noticed. */
  readonly removed?: { readonly records: number; readonly at: number };
}

/** A leg with all partitions this process holds. */
export interface LegStatus {
  readonly leg: string;
  /** Its consumer group. */
  readonly group: string;
  readonly partitions: readonly PartitionStatus[];
  /** It cannot take its partitions. */
  readonly failing?: { readonly code: string; readonly since: number };
}
