import type { NewLogRecord } from "../../ports/event-log.ts";
import type { Logger } from "../../ports/logger.ts";
import type { StateChange, StateEntry } from "../../ports/state-store.ts";
import type { Element, EventElement } from "./element.ts";

/** Where a leg's partition is. */
export interface Place {
  readonly topology: string;
  readonly leg: string;
  readonly topic: string;
  readonly partition: number;
}

/** What steps say about a batch beside the elements they pass on. */
export interface Batch {
  readonly place: Place;
  readonly logger: Logger;
  /** The partition has been silent for a while, and whoever waits for it should not. */
  readonly isIdle: boolean;
  /** By the clock, epoch milliseconds. */
  readonly now: number;
  /** Aborted where a step takes too long: nothing it makes is used any more. */
  readonly signal: AbortSignal;
  /** Offset of the batch's last record. */
  readonly lastOffset: number;
  emit(topic: string, record: NewLogRecord): void;
  /** Values of the leg's own keys in this partition, with what was set in this batch. */
  get(keys: readonly string[]): Promise<ReadonlyArray<Uint8Array | undefined>>;
  set(key: string, value: Uint8Array | undefined, options?: { readonly expiresAt?: number }): void;
  /** The code of this step cannot take the event: it goes to the dead letters and the others go on. */
  fail(element: EventElement, error: unknown): void;
  /** The event came after its window had closed. */
  late(element: EventElement, topic: string | undefined): void;
  /** Adds to a number of {@link Counters}. */
  count(what: keyof Counters, times?: number): void;
}

/** Since the topology first ran. */
export interface Counters {
  /** Events that came after their window had closed. */
  late: number;
  /** Events let go as duplicates. */
  duplicates: number;
  /** Windows and held events let go before their time because there were too many. */
  forced: number;
}

/**
 * One step of a leg on one partition. It changes its state in memory as elements come; the batch's commit then stores `changes` and calls
 * `keep`, or nothing was stored and `undo` restores the state before the batch.
 */
export interface Operator {
  process(
    elements: readonly Element[],
    batch: Batch,
  ): readonly Element[] | Promise<readonly Element[]>;
  readonly state?: OperatorState;
}

export interface OperatorState {
  /** Takes over what was stored, at the start; keys are without the operator's prefix. */
  load(entries: readonly StateEntry[]): void;
  /** What the batch changed, by keys without the operator's prefix. */
  changes(): Iterable<StateChange>;
  keep(): void;
  undo(): void;
  /** Windows open or events held. */
  readonly size: number;
  /** The watermark that would close every window and let every event go; −Infinity where nothing is open. */
  readonly openUntil?: number;
}
