import type { NewLogRecord } from "./event-log.ts";
import type { StateChange } from "./state-store.ts";

/** A processor's hold on one partition of its input. */
export interface Claim {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
  /** Grows with every claim; a commit with an older one is fenced. */
  readonly epoch: number;
  /** Offset the state includes everything before: where to go on reading; undefined where nothing was committed yet. */
  readonly offset: number | undefined;
}

export interface Commit {
  readonly claim: Claim;
  /** The offset the processor believes the state stands at. */
  readonly expectedOffset: number | undefined;
  readonly nextOffset: number;
  readonly stateChanges: readonly StateChange[];
  readonly emits: ReadonlyArray<{ readonly topic: string; readonly record: NewLogRecord }>;
}

/**
 * Makes one step of a processor atomic: state changes, emitted records and the input offset take effect together or not at all, and durably
 * once `commit` resolves. A commit by an older claim, or with another `expectedOffset` than the stored one, is ECAP_FENCED and changes nothing.
 */
export interface Committer {
  /** Takes the partition over; every earlier claim of it is fenced from then on. */
  claim(topology: string, topic: string, partition: number): Promise<Claim>;
  commit(commit: Commit): Promise<void>;
  /** Offsets by `topic/partition` that the topology has reached. */
  progress(topology: string): Promise<ReadonlyMap<string, number>>;
}
