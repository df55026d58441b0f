/** A record to append. The same `headers` object given with many records is stored once. */
export interface NewLogRecord {
  /** Records of one key share a partition and so keep their order. Absent: spread over the partitions. */
  readonly key?: string;
  /** The partition to append to, whatever the key says. Absent: the key decides. */
  readonly partition?: number;
  readonly value: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Event time in epoch milliseconds. */
  readonly timestamp: number;
}

export interface LogRecord extends Omit<NewLogRecord, "partition"> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TopicSpec {
  readonly partitions: number;
  /** Records older than this (by append time) may be removed. Default: kept. */
  readonly retentionMs?: number;
  /** Oldest records of a partition may be removed past this size. Default: kept. */
  readonly retentionBytes?: number;
}

export interface PartitionOffsets {
  readonly partition: number;
  /** First offset still held. */
  readonly earliest: number;
  /** Offset the next record will get. */
  readonly next: number;
}

export interface ReadOptions {
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  /** How long to wait for a first record where there is none. Default 0: return at once. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  /** Called when this member gets a partition: resolves the offset to begin at, or undefined to begin at the group's committed offset. */
  onAssigned?(assigned: AssignedPartition): Promise<number | undefined>;
  /** Called when a partition goes to another member or the consumer closes; no batch of it is under way. Where the other member took it
   * over without waiting (after a pause too long), this comes late: what must not happen twice is for the Committer to fence. */
  onRevoked?(revoked: AssignedPartition): Promise<void>;
  /** Called with the records of one partition in order, one batch at a time a partition. When it resolves, the group's offset moves past
   * the batch; when it rejects, the same records come again after a backoff. `records` is never empty. */
  onBatch(batch: {
    readonly topic: string;
    readonly partition: number;
    readonly records: readonly LogRecord[];
    readonly signal: AbortSignal;
  }): Promise<void>;
  /** Called with what `onBatch` and the log itself threw. */
  onError?(error: unknown): void;
}

export interface Consumer {
  /** Resolves when the batches under way are done and the group is left. */
  close(): Promise<void>;
}

/**
 * A partitioned, ordered, durable log of records.
 *
 * - `append` resolves once the records are durable, and all of them are: offsets of one call in one partition ascend in the order given.
 * - Two appends to one partition are ordered as they resolved. Between partitions there is no order.
 * - A record is delivered to a consumer group at least once. Offsets never repeat, and gaps are allowed.
 * - Reading an offset that retention removed is ECAP_OFFSET_OUT_OF_RANGE; reading at or past `next` gives no records.
 * - A topic that was never created, or a partition it does not have, is ECAP_TOPIC_UNKNOWN.
 */
export interface EventLog {
  /** Creates the topic; one that is there keeps its partitions and takes the new retention. */
  createTopic(topic: string, spec: TopicSpec): Promise<void>;
  /** Topics in name order. */
  topics(): Promise<ReadonlyArray<{ readonly topic: string; readonly partitions: number }>>;
  /** Resolves the positions, in the order of `records`. */
  append(
    topic: string,
    records: readonly NewLogRecord[],
  ): Promise<ReadonlyArray<{ readonly partition: number; readonly offset: number }>>;
  read(
    topic: string,
    partition: number,
    fromOffset: number,
    options?: ReadOptions,
  ): Promise<readonly LogRecord[]>;
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /** The offsets a group has reached, by partition; a partition it never finished a batch of is absent. */
  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>>;
  consume(options: ConsumeOptions): Promise<Consumer>;
}
