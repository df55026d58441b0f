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
  /** Where it is past `offset`, the emits of the inputs before it are in the log already, though the state lost them: they are not to be emitted again. */
  readonly emittedBefore?: number;
}

export interface Commit {
  readonly claim: Claim;
  /** The offset the processor believes the state stands at. */
  readonly expectedOffset: number | undefined;
  readonly nextOffset: number;
  /** Keys begin with {@link claimPrefix}. */
  readonly stateChanges: readonly StateChange[];
  readonly emits: ReadonlyArray<{ readonly topic: string; readonly record: NewLogRecord }>;
}

/**
 * Makes one step of a processor atomic: state changes, emitted records and the input offset take effect together or not at all, and durably
 * once `commit` resolves. A commit by an older claim, or with another `expectedOffset` than the stored one, is ECAP_FENCED and changes nothing.
 * A commit that fails in another way may have taken effect: the next claim says where the state stands.
 */
export interface Committer {
  /** Takes the partition over; every earlier claim of it is fenced from then on. */
  claim(topology: string, topic: string, partition: number): Promise<Claim>;
  commit(commit: Commit): Promise<void>;
}

/** Begins the keys of the state that belongs to a topology's hold on one partition: a group of the StateStore. */
export function claimPrefix({
  topology,
  topic,
  partition,
}: Pick<Claim, "topology" | "topic" | "partition">): string {
  return `topology/{${topology}/${topic}/${partition}}/`;
}

/** The consumer group of a topology. */
export function topologyGroup(topology: string): string {
  return `topology/${topology}`;
}
