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
}
