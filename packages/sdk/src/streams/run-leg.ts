import { EcapError, isEcapError } from "../errors/ecap-error.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import type { Clock } from "../ports/clock.ts";
import { type Claim, type Committer, topologyGroup } from "../ports/committer.ts";
import type { AssignedPartition, EventLog, LogRecord } from "../ports/event-log.ts";
import type { Logger } from "../ports/logger.ts";
import type { StateStore } from "../ports/state-store.ts";
import { passes, reasonOf } from "./dead-letters.ts";
import { type BatchPlan, type LegTask, loadLegTask } from "./engine/leg-task.ts";
import { hasRead } from "./has-read.ts";
import type { EnrichSettings } from "./nodes.ts";
import {
  newNotes,
  noteFailure,
  noteProgress,
  noteRemoved,
  type PartitionNotes,
  statusOf,
} from "./partition-notes.ts";
import { pause } from "./pause.ts";
import { withStepLimit } from "./step-limit.ts";
import type { TableReader } from "./table-reader.ts";
import type { Leg } from "./topology.ts";
import type { LegStatus } from "./topology-status.ts";

export interface TopologyFailure {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
  /** Attempts so far at this batch or record. */
  readonly attempts: number;
  readonly error: unknown;
}

export interface RunLegOptions {
  readonly topology: string;
  readonly leg: Leg;
  /** Where the leg's topic is an intermediate one: the partitions that write to it. */
  readonly upstream: readonly string[] | undefined;
  readonly partitionsOf: (topic: string) => number;
  readonly tableOf: (settings: EnrichSettings) => TableReader;
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly decode: (record: LogRecord) => EventEnvelope | undefined;
  readonly maxRecords: number;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly stepTimeoutMs: number;
  readonly breaker: Breaker | undefined;
  readonly onError: ((failure: TopologyFailure) => void) | undefined;
}

/** While it does not allow a call, the topology waits and nothing goes to the dead letters. */
export interface Breaker {
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

export interface RunningLeg {
  status(): LegStatus;
  /** Resolves once everything the topics held when it was called is processed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

interface HeldPartition extends AssignedPartition {
  claim: Claim;
  /** Offset the state includes everything before. */
  offset: number | undefined;
  task: LegTask;
  /** When a record last came, by the clock. */
  activeAt: number;
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

const maxBackoffMs = 30_000;
const breakerPollMs = 50;
const idlePollMs = 1_000;
/** How long a partition that another claimed is left to it. */
const fencedPauseMs = 3_000;
const defaultIdleAfterMs = 30_000;
const noCounts = { late: 0, duplicates: 0, forced: 0 };

/** Runs one leg in this process: a member of its consumer group that makes each batch one commit. */
export async function runLeg(options: RunLegOptions): Promise<RunningLeg> {
  const { leg, eventLog, committer, clock, logger, maxAttempts } = options;
  const held = new Map<string, HeldPartition>();
  /** The step of each partition that was begun last: by partition, since a claim may be replaced in the middle of a step. */
  const turns = new Map<string, Promise<unknown>>();
  /** Of every partition that was dealt to this process, whether or not a claim of it is at hand. */
  const noted = new Map<string, PartitionNotes>();
  /** The partitions cannot be taken. */
  let trouble: LegStatus["failing"];
  /** How often the consumer said that retention removed what it was to read next, less the losses found since. */
  let losses = 0;

  async function take({ topic, partition }: AssignedPartition): Promise<HeldPartition> {
    const notes = notesOf({ topic, partition });
    const claim = await committer.claim(leg.name, topic, partition);
    const first = await firstOffset(eventLog, claim);
    if (claim.offset !== undefined) lost(claim, { offset: claim.offset, first }, notes);
    const place = { topology: options.topology, leg: leg.name, topic, partition };
    const task = await loadLegTask({ ...options, place });
    const { offset } = claim;
    const activeAt = clock.now();
    const mine: HeldPartition = {
      topic,
      partition,
      claim,
      offset,
      task,
      activeAt,
      isIdle: false,
      notes,
      mayLag: true,
    };
    held.set(nameOf(claim), mine);
    trouble = undefined;
    return mine;
  }

  /** Retention was faster: the records between are gone, and that is said. */
  function lost(
    { topic, partition }: AssignedPartition,
    gap: { readonly offset: number; readonly first: number },
    notes: PartitionNotes,
  ): void {
    const records = noteRemoved(notes, { ...gap, now: clock.now() });
    if (records === 0) return;
    logger.error(
      { topic, partition, ...gap, records },
      "retention removed records before they were read",
    );
  }

  function notesOf(place: AssignedPartition): PartitionNotes {
    const notes = noted.get(nameOf(place)) ?? newNotes(place, clock.now());
    noted.set(nameOf(place), notes);
    return notes;
  }

  async function partitionOf(assigned: AssignedPartition): Promise<HeldPartition> {
    const mine = held.get(nameOf(assigned));
    if (mine === undefined) return take(assigned);
    if (mine.hung !== undefined) {
      await mine.hung;
      return take(assigned);
    }
    if (mine.fenced === undefined) return mine;
    // The partition went elsewhere and the group will say so; where it does not, it was a straggler that took it, and it is ours again.
    if (performance.now() < mine.fenced.until) throw mine.fenced.error;
    return take(assigned);
  }

  /** Makes a plan; where that takes too long, the task is given up with all it holds, and the next step begins with another. */
  async function planned(
    mine: HeldPartition,
    plan: (signal: AbortSignal) => Promise<BatchPlan>,
  ): Promise<BatchPlan> {
    const { topic, partition } = mine;
    return withStepLimit(plan, {
      what: `a step of topology "${options.topology}" on ${topic}/${partition}`,
      timeoutMs: options.stepTimeoutMs,
      onHung: (ended) => {
        mine.hung = ended;
      },
    });
  }

  async function commit(mine: HeldPartition, plan: BatchPlan, nextOffset: number): Promise<void> {
    const { claim, offset } = mine;
    const { stateChanges, emits } = plan;
    try {
      await committer.commit({ claim, expectedOffset: offset, nextOffset, stateChanges, emits });
    } catch (error) {
      if (isEcapError(error, "ECAP_FENCED")) {
        mine.fenced = { error, until: performance.now() + fencedPauseMs };
        throw error;
      }
      held.delete(nameOf(mine));
      // Whether it took effect is unknown: what is stored says so.
      const now = await take(mine);
      if (offset === nextOffset || now.offset !== nextOffset) throw error;
      return;
    }
    plan.keep();
    mine.offset = nextOffset;
    mine.notes.deadLetters += plan.failures;
    noteProgress(mine.notes, clock.now());
  }

  async function step(
    assigned: AssignedPartition,
    records: readonly LogRecord[],
    attempts: number,
  ): Promise<void> {
    const mine = await partitionOf(assigned);
    mine.activeAt = clock.now();
    mine.isIdle = false;
    await noticeRemoved(mine, records);
    for (const part of notYetIncluded(records, mine.claim, mine.offset)) {
      const last = part.at(-1);
      if (last === undefined) continue;
      const current = await partitionOf(assigned);
      const now = clock.now();
      const plan = await planned(current, (signal) =>
        current.task.plan(part, { attempts, now, signal }),
      );
      await commit(current, plan, last.offset + 1);
      if (plan.failures === 0) options.breaker?.succeeded();
      else buried(assigned, plan.failures);
    }
  }

  /** The next records between the state and `before`. */
  async function missedBefore(
    { topic, partition, offset }: HeldPartition,
    before: number,
  ): Promise<readonly LogRecord[]> {
    const first = await firstOffset(eventLog, { topic, partition });
    const from = Math.max(offset ?? first, first);
    if (from >= before) return [];
    const { maxRecords } = options;
    const records = await eventLog.read(topic, partition, from, { maxRecords });
    return records.filter((record) => record.offset < before);
  }

  /** Takes in what the consumer brought before, where the state went back behind it. */
  async function catchUp(
    assigned: AssignedPartition,
    before: number,
    signal: AbortSignal,
  ): Promise<void> {
    let mine = await partitionOf(assigned);
    if (!mine.mayLag) return;
    for (;;) {
      const missed = await missedBefore(mine, before);
      if (missed.length === 0) break;
      await takeBatch(assigned, missed, signal);
      mine = await partitionOf(assigned);
    }
    mine.mayLag = false;
  }

  /** As {@link catchUp}, where no record comes that would ask for it: one batch, and no second attempt. */
  async function catchUpInSilence(mine: HeldPartition): Promise<void> {
    if (held.get(nameOf(mine)) !== mine) return;
    const now = await partitionOf(mine);
    const missed = await missedBefore(now, Infinity);
    if (missed.length === 0) now.mayLag = false;
    else await step(mine, missed, 1);
  }

  /** The consumer was told that its place is gone: the records from there to the first that came are. */
  async function noticeRemoved(mine: HeldPartition, records: readonly LogRecord[]): Promise<void> {
    const { topic, partition, offset = 0, notes } = mine;
    if (losses === 0 || (records[0]?.offset ?? 0) <= offset) return;
    const first = await firstOffset(eventLog, { topic, partition });
    if (first <= Math.max(offset, notes.lostBefore)) return;
    losses -= 1;
    lost(mine, { offset, first }, notes);
  }

  function buried({ topic, partition }: AssignedPartition, failures: number): void {
    // Putting an event to the dead letters is no success of the plugin's.
    options.breaker?.failed();
    logger.error({ topic, partition, failures }, "events went to the dead letters");
  }

  /** Resolves the error of the last attempt, or undefined where one succeeded. */
  async function attempt(
    assigned: AssignedPartition,
    records: readonly LogRecord[],
    signal: AbortSignal,
  ): Promise<unknown> {
    for (let attempts = 1; ; attempts += 1) {
      const notes = notesOf(assigned);
      await allowed(options.breaker, signal, notes);
      try {
        await catchUp(assigned, records[0]?.offset ?? 0, signal);
        await step(assigned, records, attempts);
        return undefined;
      } catch (error) {
        if (isEcapError(error, "ECAP_FENCED")) throw error;
        options.breaker?.failed();
        const { topic, partition } = assigned;
        noteFailure(notes, reasonOf(error).code, clock.now());
        options.onError?.({ topology: options.topology, topic, partition, attempts, error });
        logger.warn({ ...reasonOf(error), topic, partition, attempts }, "a batch failed");
        if (attempts >= maxAttempts && !passes(error)) return error;
        const backoff = Math.min(options.backoffMs * 2 ** (attempts - 1), maxBackoffMs);
        await pause(backoff * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  async function bury(
    assigned: AssignedPartition,
    record: LogRecord,
    {
      error,
      attempts,
      signal,
    }: { readonly error: unknown; readonly attempts: number; readonly signal: AbortSignal },
  ): Promise<void> {
    await catchUp(assigned, record.offset, signal);
    const mine = await partitionOf(assigned);
    const reason = reasonOf(error);
    const plan = mine.task.planBurial(record, reason, { attempts, now: clock.now() });
    const { topic, partition, offset } = record;
    logger.error({ ...reason, topic, partition, offset }, "a record went to the dead letters");
    await commit(mine, plan, offset + 1);
    mine.notes.deadLetters += 1;
  }

  async function takeBatch(
    assigned: AssignedPartition,
    records: readonly LogRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const failure = await attempt(assigned, records, signal);
    if (failure === undefined) return;
    const isAlone = records.length === 1;
    const attempts = isAlone ? maxAttempts : 2 * maxAttempts;
    for (const record of records) {
      const error = isAlone ? failure : await attempt(assigned, [record], signal);
      if (error !== undefined) await bury(assigned, record, { error, attempts, signal });
    }
  }

  /** Steps of one partition follow one another, those that time makes too. */
  function inTurn<T>(place: AssignedPartition, work: () => Promise<T>): Promise<T> {
    const name = nameOf(place);
    const done = (turns.get(name) ?? Promise.resolve()).then(work);
    turns.set(
      name,
      done.catch(() => {}),
    );
    return done;
  }

  /** A partition that was read to its end and stays silent closes its windows and keeps nobody waiting. */
  async function noticeSilence(mine: HeldPartition, idleAfterMs: number): Promise<void> {
    const { claim, offset, task } = mine;
    const limit = clock.now() - idleAfterMs;
    const isSilent = mine.activeAt <= limit;
    const mayRegain = mine.fenced !== undefined && performance.now() >= mine.fenced.until;
    if (isSilent && (mayRegain || (mine.mayLag && mine.fenced === undefined))) {
      await inTurn(mine, () => catchUpInSilence(mine));
      return;
    }
    const isQuiet = options.upstream === undefined ? isSilent : task.isSilent;
    if (mine.fenced !== undefined || mine.isIdle || !isQuiet) return;
    if (mine.hung !== undefined) {
      await inTurn(mine, () => partitionOf(mine));
      return;
    }
    if ((claim.emittedBefore ?? 0) > (offset ?? 0)) return;
    if (!(await hasRead(eventLog, mine, offset))) return;
    await inTurn(mine, async () => {
      if (held.get(nameOf(mine)) !== mine || mine.offset !== offset || mine.isIdle) return;
      const from =
        offset ?? (await firstOffset(eventLog, { topic: mine.topic, partition: mine.partition }));
      const plan = await planned(mine, (signal) =>
        task.planIdle(limit, { offset: from, now: clock.now(), signal }),
      );
      if (plan.emits.length + plan.stateChanges.length > 0) await commit(mine, plan, from);
      else plan.keep();
      // What reaches past the limit is closed later.
      mine.isIdle = task.size === 0 || limit > task.watermark;
    });
  }

  const consumer = await eventLog.consume({
    group: topologyGroup(leg.name),
    topics: leg.source.topics,
    maxRecords: options.maxRecords,
    async onAssigned(assigned) {
      const mine = await take(assigned);
      mine.mayLag = false;
      // A store that holds nothing of the partition lost it, or has seen none: the group's offset says nothing of the state.
      const { offset = await firstOffset(eventLog, assigned), notes } = mine;
      return Math.max(offset, notes.lostBefore);
    },
    onRevoked: async (revoked) => {
      const name = nameOf(revoked);
      // A step under way would claim the partition anew if it were let go of first.
      await turns.get(name);
      for (const each of [held, turns, noted]) each.delete(name);
    },
    onError(error) {
      if (isEcapError(error, "ECAP_OFFSET_OUT_OF_RANGE")) losses += 1;
      if (held.size === 0) {
        const { since = clock.now() } = trouble ?? {};
        trouble = { code: reasonOf(error).code, since };
      }
      logger.debug({ ...reasonOf(error) }, "the topology's consumer reported an error");
    },
    async onBatch({ topic, partition, records, signal }) {
      const assigned = { topic, partition };
      await inTurn(assigned, () => takeBatch(assigned, records, signal));
    },
  });

  /** Resolves once the state includes everything before `next`, here or in the process that holds the partition. */
  async function untilPast(place: AssignedPartition, next: number): Promise<void> {
    for (;;) {
      const mine = held.get(nameOf(place));
      const offset =
        mine === undefined
          ? (await eventLog.committed(topologyGroup(leg.name), place.topic)).get(place.partition)
          : mine.offset;
      // What is left may be marks of transactions, which no reader sees.
      if (offset !== undefined && (offset >= next || (await hasRead(eventLog, place, offset))))
        return;
      await pause(5);
    }
  }

  const idle = watchIdle();

  function watchIdle(): { close(): void } {
    const { idleAfterMs = defaultIdleAfterMs } = leg.source;
    if (idleAfterMs === Infinity || !needsTime(leg)) {
      return { close: () => {} };
    }
    const poll = (): void => {
      for (const mine of held.values()) {
        noticeSilence(mine, idleAfterMs).catch((error: unknown) =>
          logger.debug({ ...reasonOf(error) }, "a silent partition could not be taken note of"),
        );
      }
    };
    const timer = setInterval(poll, Math.max(10, Math.min(idlePollMs, idleAfterMs / 2)));
    timer.unref();
    return { close: () => clearInterval(timer) };
  }

  return {
    status: () => ({
      leg: leg.name,
      group: topologyGroup(leg.name),
      partitions: [...noted].map(([name, notes]) => {
        const { offset, task, fenced } = held.get(name) ?? {};
        const { watermark = -Infinity, size = 0 } = task ?? {};
        return {
          leg: leg.name,
          offset,
          watermark: Number.isFinite(watermark) ? watermark : undefined,
          openWindows: size,
          ...(task?.counters ?? noCounts),
          ...statusOf(notes, fenced !== undefined),
        };
      }),
      ...(trouble !== undefined && { failing: trouble }),
    }),
    async drain() {
      for (const topic of leg.source.topics) {
        for (const { partition, earliest: from, next } of await eventLog.offsets(topic)) {
          if (from !== next) await untilPast({ topic, partition }, next);
        }
      }
    },
    async close() {
      idle.close();
      await consumer.close();
    },
  };
}

function nameOf({ topic, partition }: AssignedPartition): string {
  return `${topic}/${partition}`;
}

/** Whether windows or joins of the leg, or of a leg after it, wait for time to go on. */
function needsTime({ nodes }: Leg): boolean {
  return nodes.some(({ kind }) => kind === "window" || kind === "join" || kind === "through");
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

/** The first offset the log still holds; ECAP_STATE_AHEAD where the claim is past its end. */
async function firstOffset(
  eventLog: EventLog,
  { topic, partition, offset, topology }: Pick<Claim, "topic" | "partition"> & Partial<Claim>,
): Promise<number> {
  const offsets = await eventLog.offsets(topic);
  const { earliest: first = 0, next = 0 } =
    offsets.find((each) => each.partition === partition) ?? {};
  if (offset === undefined || offset <= next) return first;
  throw new EcapError(
    "ECAP_STATE_AHEAD",
    `topology "${topology}" stands at offset ${offset} of ${topic}/${partition}, whose log ends at ${next}`,
  );
}
