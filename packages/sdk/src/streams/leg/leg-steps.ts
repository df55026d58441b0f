import { isEcapError } from "../../errors/ecap-error.ts";
import type { Claim } from "../../ports/committer.ts";
import type { AssignedPartition, LogRecord } from "../../ports/event-log.ts";
import { passes, reasonOf } from "../dead-letters.ts";
import { pause } from "../pause.ts";
import type { HeldPartition, HeldPartitions } from "./held-partitions.ts";
import type { Breaker, LegOptions } from "./leg-options.ts";
import { noteFailure, type PartitionNotes } from "./partition-notes.ts";

const maxBackoffMs = 30_000;
const breakerPollMs = 50;

/** Takes batches into the state: each in one commit, tried again where it fails, taken apart where it keeps failing. */
export class LegSteps {
  readonly #options: LegOptions;
  readonly #partitions: HeldPartitions;
  /** How often the consumer said that retention removed what it was to read next, less the losses found since. */
  #losses = 0;

  constructor(options: LegOptions, partitions: HeldPartitions) {
    this.#options = options;
    this.#partitions = partitions;
  }

  /** The consumer was told that its place in some partition is gone. */
  expectLoss(): void {
    this.#losses += 1;
  }

  /** Resolves when the state includes the records, or the dead letters hold them. */
  async take(
    assigned: AssignedPartition,
    records: readonly LogRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const failure = await this.#attempt(assigned, records, signal);
    if (failure === undefined) return;
    const { maxAttempts } = this.#options;
    const isAlone = records.length === 1;
    const attempts = isAlone ? maxAttempts : 2 * maxAttempts;
    for (const record of records) {
      const error = isAlone ? failure : await this.#attempt(assigned, [record], signal);
      if (error !== undefined) await this.#bury(assigned, record, { error, attempts, signal });
    }
  }

  /** Takes in what the consumer brought before, where no record comes that would ask for it: one batch, and no second attempt. */
  async catchUpInSilence(mine: HeldPartition): Promise<void> {
    if (this.#partitions.at(mine) !== mine) return;
    const now = await this.#partitions.of(mine);
    const missed = await this.#missedBefore(now, Infinity);
    if (missed.length === 0) now.mayLag = false;
    else await this.#step(mine, missed, 1);
  }

  /** Resolves the error of the last attempt, or undefined where one succeeded. */
  async #attempt(
    assigned: AssignedPartition,
    records: readonly LogRecord[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const { breaker, clock, logger, maxAttempts, backoffMs, topology, onError } = this.#options;
    for (let attempts = 1; ; attempts += 1) {
      const notes = this.#partitions.notesOf(assigned);
      await allowed(breaker, signal, notes);
      try {
        await this.#catchUp(assigned, records[0]?.offset ?? 0, signal);
        await this.#step(assigned, records, attempts);
        return undefined;
      } catch (error) {
        if (isEcapError(error, "ECAP_FENCED")) throw error;
        breaker?.failed();
        const { topic, partition } = assigned;
        noteFailure(notes, reasonOf(error).code, clock.now());
        onError?.({ topology, topic, partition, attempts, error });
        logger.warn({ ...reasonOf(error), topic, partition, attempts }, "a batch failed");
        if (attempts >= maxAttempts && !passes(error)) return error;
        const backoff = Math.min(backoffMs * 2 ** (attempts - 1), maxBackoffMs);
        await pause(backoff * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  async #step(
    assigned: AssignedPartition,
    records: readonly LogRecord[],
    attempts: number,
  ): Promise<void> {
    const { clock, breaker } = this.#options;
    const mine = await this.#partitions.of(assigned);
    mine.activeAt = clock.now();
    mine.isIdle = false;
    await this.#noticeRemoved(mine, records);
    for (const part of notYetIncluded(records, mine.claim, mine.offset)) {
      const last = part.at(-1);
      if (last === undefined) continue;
      const current = await this.#partitions.of(assigned);
      const now = clock.now();
      const plan = await this.#partitions.plan(current, (task, signal) =>
        task.plan(part, { attempts, now, signal }),
      );
      await this.#partitions.commit(current, plan, last.offset + 1);
      if (plan.failures === 0) breaker?.succeeded();
      else this.#buried(assigned, plan.failures);
      current.reachedAt = current.task.reached;
    }
  }

  /** Takes in what the consumer brought before, where the state went back behind it. */
  async #catchUp(assigned: AssignedPartition, before: number, signal: AbortSignal): Promise<void> {
    let mine = await this.#partitions.of(assigned);
    if (!mine.mayLag) return;
    for (;;) {
      const missed = await this.#missedBefore(mine, before);
      if (missed.length === 0) break;
      await this.take(assigned, missed, signal);
      mine = await this.#partitions.of(assigned);
    }
    mine.mayLag = false;
  }

  /** The next records between the state and `before`. */
  async #missedBefore(
    { topic, partition, offset }: HeldPartition,
    before: number,
  ): Promise<readonly LogRecord[]> {
    const { eventLog, maxRecords } = this.#options;
    const first = await this.#partitions.firstOffset({ topic, partition });
    const from = Math.max(offset ?? first, first);
    if (from >= before) return [];
    const records = await eventLog.read(topic, partition, from, { maxRecords });
    return records.filter((record) => record.offset < before);
  }

  /** Where the consumer was told that its place is gone, the records from there to the first that came are. */
  async #noticeRemoved(mine: HeldPartition, records: readonly LogRecord[]): Promise<void> {
    const { topic, partition, offset = 0, notes } = mine;
    if (this.#losses === 0 || (records[0]?.offset ?? 0) <= offset) return;
    const first = await this.#partitions.firstOffset({ topic, partition });
    if (first <= Math.max(offset, notes.lostBefore)) return;
    this.#losses -= 1;
    this.#partitions.noteLost(mine, { offset, first });
  }

  #buried({ topic, partition }: AssignedPartition, failures: number): void {
    const { breaker, logger } = this.#options;
    // Putting an event to the dead letters is no success of the plugin's.
    breaker?.failed();
    logger.error({ topic, partition, failures }, "events went to the dead letters");
  }

  async #bury(
    assigned: AssignedPartition,
    record: LogRecord,
    why: { readonly error: unknown; readonly attempts: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, logger } = this.#options;
    const { attempts } = why;
    await this.#catchUp(assigned, record.offset, why.signal);
    const mine = await this.#partitions.of(assigned);
    const reason = reasonOf(why.error);
    const plan = mine.task.planBurial(record, reason, { attempts, now: clock.now() });
    const { topic, partition, offset } = record;
    logger.error({ ...reason, topic, partition, offset }, "a record went to the dead letters");
    await this.#partitions.commit(mine, plan, offset + 1);
    mine.notes.deadLetters += 1;
  }
}

/** The records the state does not include. Those whose emits are in the log already come as a part of their own. */
function notYetIncluded(
  records: readonly LogRecord[],
  { emittedBefore = 0 }: Claim,
  includedBefore = 0,
): ReadonlyArray<readonly LogRecord[]> {
  const fresh = records.filter(({ offset }) => offset >= includedBefore);
  return [
    fresh.filter(({ offset }) => offset < emittedBefore),
    fresh.filter(({ offset }) => offset >= emittedBefore),
  ];
}

async function allowed(
  breaker: Breaker | undefined,
  signal: AbortSignal,
  notes: PartitionNotes,
): Promise<void> {
  while (breaker?.allows() === false) {
    notes.isWaiting = true;
    signal.throwIfAborted();
    await pause(breakerPollMs, signal);
  }
  notes.isWaiting = false;
  signal.throwIfAborted();
}
