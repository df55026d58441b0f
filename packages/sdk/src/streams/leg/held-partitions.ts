import { EcapError, isEcapError } from "../../errors/ecap-error.ts";
import type { Claim } from "../../ports/committer.ts";
import type { AssignedPartition } from "../../ports/event-log.ts";
import { type BatchPlan, type LegTask, loadLegTask } from "../engine/leg-task.ts";
import type { LegOptions } from "./leg-options.ts";
import { newNotes, noteProgress, noteRemoved, type PartitionNotes } from "./partition-notes.ts";
import { withStepLimit } from "./step-limit.ts";

export interface HeldPartition extends AssignedPartition {
  readonly claim: Claim;
  /** Offset the state includes everything before. */
  offset: number | undefined;
  readonly task: LegTask;
  /** When a record last came, by the clock. */
  activeAt: number;
  /** How far event time was then. */
  reachedAt: number;
  /** It was said to be silent, and nothing has come since. */
  isIdle: boolean;
  readonly notes: PartitionNotes;
  /** The consumer may be past the offset: the partition was claimed anew since it was assigned, and the store may have lost its last writes. */
  mayLag: boolean;
  /** Another claimed the partition. */
  fenced?: { readonly error: EcapError; readonly until: number };
  /** A step took too long; resolves when it has ended, or is not waited for any longer. What it makes is not used. */
  hung?: Promise<void>;
}

/** How long a partition that another claimed is left to it. */
const fencedPauseMs = 3_000;

/** The partitions of a leg that this process has claimed, each with its task; what is done with one follows what was begun before. */
export class HeldPartitions {
  readonly #options: LegOptions;
  readonly #held = new Map<string, HeldPartition>();
  /** The step of each partition that was begun last: by partition, since a claim may be replaced in the middle of a step. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Of every partition that was dealt to this process, whether or not a claim of it is at hand. */
  readonly #notes = new Map<string, PartitionNotes>();

  constructor(options: LegOptions) {
    this.#options = options;
  }

  get all(): Iterable<HeldPartition> {
    return this.#held.values();
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** The claim that is at hand, if any. */
  at(place: AssignedPartition): HeldPartition | undefined {
    return this.#held.get(nameOf(place));
  }

  get notes(): Iterable<PartitionNotes> {
    return this.#notes.values();
  }

  notesOf(place: AssignedPartition): PartitionNotes {
    const notes = this.#notes.get(nameOf(place)) ?? newNotes(place, this.#options.clock.now());
    this.#notes.set(nameOf(place), notes);
    return notes;
  }

  /** Claims the partition and loads its task. */
  async claim({ topic, partition }: AssignedPartition): Promise<HeldPartition> {
    const { committer, leg, topology, clock } = this.#options;
    const notes = this.notesOf({ topic, partition });
    const claim = await committer.claim(leg.name, topic, partition);
    const first = await this.firstOffset(claim);
    if (claim.offset !== undefined) this.noteLost(claim, { offset: claim.offset, first });
    const task = await loadLegTask({
      ...this.#options,
      place: { topology, leg: leg.name, topic, partition },
    });
    const mine: HeldPartition = {
      topic,
      partition,
      claim,
      offset: claim.offset,
      task,
      activeAt: clock.now(),
      reachedAt: task.reached,
      isIdle: false,
      notes,
      mayLag: true,
    };
    this.#held.set(nameOf(claim), mine);
    return mine;
  }

  /** The claim at hand, or a new one where it is of no use any more. ECAP_FENCED while the partition is left to another. */
  async of(place: AssignedPartition): Promise<HeldPartition> {
    const mine = this.at(place);
    if (mine === undefined) return this.claim(place);
    if (mine.hung !== undefined) {
      await mine.hung;
      return this.claim(place);
    }
    if (mine.fenced === undefined) return mine;
    // The partition went elsewhere and the group will say so; where it does not, it was a straggler that took it, and it is ours again.
    if (performance.now() < mine.fenced.until) throw mine.fenced.error;
    return this.claim(place);
  }

  async letGo(place: AssignedPartition): Promise<void> {
    const name = nameOf(place);
    // A step under way would claim the partition anew if it were let go of first.
    await this.#turns.get(name);
    for (const each of [this.#held, this.#turns, this.#notes]) each.delete(name);
  }

  /** Steps of one partition follow one another, those that time makes too. */
  inTurn<T>(place: AssignedPartition, work: () => Promise<T>): Promise<T> {
    const name = nameOf(place);
    const done = (this.#turns.get(name) ?? Promise.resolve()).then(work);
    this.#turns.set(
      name,
      done.catch(() => {}),
    );
    return done;
  }

  /** Makes a plan; where that takes too long, the task is given up with all it holds, and the next step begins with another. */
  async plan(
    mine: HeldPartition,
    make: (task: LegTask, signal: AbortSignal) => Promise<BatchPlan>,
  ): Promise<BatchPlan> {
    const { topology, stepTimeoutMs } = this.#options;
    return withStepLimit((signal) => make(mine.task, signal), {
      what: `a step of topology "${topology}" on ${nameOf(mine)}`,
      timeoutMs: stepTimeoutMs,
      onHung: (ended) => {
        mine.hung = ended;
      },
    });
  }

  async commit(mine: HeldPartition, plan: BatchPlan, nextOffset: number): Promise<void> {
    const { committer, clock } = this.#options;
    const { claim, offset } = mine;
    const { stateChanges, emits } = plan;
    try {
      await committer.commit({ claim, expectedOffset: offset, nextOffset, stateChanges, emits });
    } catch (error) {
      if (isEcapError(error, "ECAP_FENCED")) {
        mine.fenced = { error, until: performance.now() + fencedPauseMs };
        throw error;
      }
      this.#held.delete(nameOf(mine));
      // Whether it took effect is unknown: what is stored says so.
      const now = await this.claim(mine);
      if (offset === nextOffset || now.offset !== nextOffset) throw error;
      return;
    }
    plan.keep();
    mine.offset = nextOffset;
    mine.notes.deadLetters += plan.failures;
    noteProgress(mine.notes, clock.now());
  }

  /** Retention was faster: the records between are gone, and that is said. */
  noteLost(
    { topic, partition }: AssignedPartition,
    gap: { readonly offset: number; readonly first: number },
  ): void {
    const { logger, clock } = this.#options;
    const notes = this.notesOf({ topic, partition });
    const records = noteRemoved(notes, { ...gap, now: clock.now() });
    if (records === 0) return;
    const about = { topic, partition, ...gap, records };
    logger.error(about, "retention removed records before they were read");
  }

  /** The first offset the log still holds; ECAP_STATE_AHEAD where the place is past its end. */
  async firstOffset({
    topic,
    partition,
    offset,
  }: AssignedPartition & { readonly offset?: number | undefined }): Promise<number> {
    const { eventLog, topology } = this.#options;
    const offsets = await eventLog.offsets(topic);
    const { earliest: first = 0, next = 0 } =
      offsets.find((each) => each.partition === partition) ?? {};
    if (offset === undefined || offset <= next) return first;
    throw new EcapError(
      "ECAP_STATE_AHEAD",
      `topology "${topology}" stands at offset ${offset} of ${topic}/${partition}, whose log ends at ${next}`,
    );
  }
}

export function nameOf({ topic, partition }: AssignedPartition): string {
  return `${topic}/${partition}`;
}
