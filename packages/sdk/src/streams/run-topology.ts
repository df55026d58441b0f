import { EcapError, isEcapError } from "../errors/ecap-error.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import { deadLetterTopic } from "../events/topics.ts";
import type { Clock } from "../ports/clock.ts";
import { type Claim, type Committer, topologyGroup } from "../ports/committer.ts";
import type { AssignedPartition, EventLog, LogRecord } from "../ports/event-log.ts";
import { type Logger, silentLogger } from "../ports/logger.ts";
import type { StateStore } from "../ports/state-store.ts";
import {
  type BatchPlan,
  deadLetter,
  type PartitionMemory,
  type PlanOptions,
  planBatch,
  prefixOf,
  reasonOf,
} from "./batch-plan.ts";
import { loadMemory } from "./load-memory.ts";
import { pause } from "./pause.ts";
import type { Topology } from "./topology.ts";
import { type PartitionStatus, watermarkIn } from "./topology-status.ts";

export interface TopologyFailure {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
  /** Attempts so far at this batch or record. */
  readonly attempts: number;
  readonly error: unknown;
}

export interface RunTopologyOptions {
  readonly topology: Topology;
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly decode: (record: LogRecord) => EventEnvelope | undefined;
  /** Records a batch. Default 500. */
  readonly maxRecords?: number;
  /** Attempts at a batch, then at each of its records alone, before a record goes to the dead letters. Default 5. */
  readonly maxAttempts?: number;
  /** Wait before the second attempt; it doubles up to 30 s. Default 100. */
  readonly backoffMs?: number;
  /** While it does not allow a call, the topology waits and nothing goes to the dead letters. */
  readonly breaker?: {
    allows(): boolean;
    succeeded(): void;
    failed(): void;
  };
  readonly onError?: (failure: TopologyFailure) => void;
}

export interface RunningTopology {
  readonly name: string;
  status(): readonly PartitionStatus[];
  /** Resolves once everything the topics held when it was called is processed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

interface HeldPartition extends AssignedPartition {
  claim: Claim;
  /** Offset the state includes everything before. */
  offset: number | undefined;
  memory: PartitionMemory;
}

const maxBackoffMs = 30_000;
const breakerPollMs = 50;

/**
 * Runs a topology in this process: a member of a consumer group that makes each batch one commit. Whatever crashes, each input record
 * changes state and emits exactly once.
 *
 * A batch that fails is tried again; one that keeps failing is taken apart, and the records that fail alone go to `<topic>.dlq`. An error
 * that says a retry can help (storage full, overloaded) is waited out, however long it takes.
 */
export async function runTopology(options: RunTopologyOptions): Promise<RunningTopology> {
  const { topology, eventLog, stateStore, committer, clock } = options;
  const { logger = silentLogger, maxRecords = 500, maxAttempts = 5, backoffMs = 100 } = options;
  const topics = topology.nodes.flatMap((node) => (node.kind === "source" ? node.topics : []));
  const held = new Map<string, HeldPartition>();
  await prepareTopics(eventLog, topology, topics);

  async function take({ topic, partition }: AssignedPartition): Promise<HeldPartition> {
    const claim = await committer.claim(topology.name, topic, partition);
    await assertNotAhead(eventLog, claim);
    const memory = await loadMemory(stateStore, prefixOf({ topology, topic, partition }));
    const mine = { topic, partition, claim, offset: claim.offset, memory };
    held.set(`${topic}/${partition}`, mine);
    return mine;
  }

  async function commit(mine: HeldPartition, plan: BatchPlan, nextOffset: number): Promise<void> {
    const { claim, offset } = mine;
    const { stateChanges, emits } = plan;
    try {
      await committer.commit({ claim, expectedOffset: offset, nextOffset, stateChanges, emits });
    } catch (error) {
      if (isEcapError(error, "ECAP_FENCED")) throw error;
      // Whether it took effect is unknown: what is stored says so.
      const now = await take(mine);
      if (now.offset !== nextOffset) throw error;
      return;
    }
    plan.keep();
    mine.offset = nextOffset;
  }

  const planOptions = ({ topic, partition, memory }: HeldPartition): PlanOptions => ({
    topology,
    topic,
    partition,
    memory,
    stateStore,
    logger,
    now: clock.now(),
    decode: options.decode,
  });

  async function step(place: AssignedPartition, records: readonly LogRecord[]): Promise<void> {
    const mine = await partitionOf(place);
    const fresh = records.filter(({ offset }) => offset >= (mine.offset ?? 0));
    const last = fresh.at(-1);
    if (last === undefined) return;
    await commit(mine, await planBatch(fresh, planOptions(mine)), last.offset + 1);
    // Putting a record to the dead letters is no success of the plugin's, so it is said here and not of every commit.
    options.breaker?.succeeded();
  }

  async function partitionOf({ topic, partition }: AssignedPartition): Promise<HeldPartition> {
    return held.get(`${topic}/${partition}`) ?? take({ topic, partition });
  }

  /** Resolves the error of the last attempt, or undefined where one succeeded. */
  async function attempt(
    place: AssignedPartition,
    records: readonly LogRecord[],
    signal: AbortSignal,
  ): Promise<unknown> {
    for (let attempts = 1; ; attempts += 1) {
      await allowed(signal);
      try {
        await step(place, records);
        return undefined;
      } catch (error) {
        if (isEcapError(error, "ECAP_FENCED")) throw error;
        options.breaker?.failed();
        const { topic, partition } = place;
        options.onError?.({ topology: topology.name, topic, partition, attempts, error });
        logger.warn({ ...reasonOf(error), topic, partition, attempts }, "a batch failed");
        if (attempts >= maxAttempts && !passes(error)) return error;
        await pause(Math.min(backoffMs * 2 ** (attempts - 1), maxBackoffMs), signal);
      }
    }
  }

  async function allowed(signal: AbortSignal): Promise<void> {
    while (options.breaker?.allows() === false) {
      signal.throwIfAborted();
      await pause(breakerPollMs, signal);
    }
    signal.throwIfAborted();
  }

  async function bury(place: AssignedPartition, record: LogRecord, error: unknown): Promise<void> {
    const details = { topology: topology.name, attempts: 2 * maxAttempts, now: clock.now() };
    const letter = deadLetter(record, { ...reasonOf(error), ...details });
    const plan = { emits: [letter], stateChanges: [], keep: () => {} };
    const { topic, partition, offset } = record;
    logger.error(
      { ...reasonOf(error), topic, partition, offset },
      "a record went to the dead letters",
    );
    await commit(await partitionOf(place), plan, offset + 1);
  }

  const consumer = await eventLog.consume({
    group: topologyGroup(topology.name),
    topics,
    maxRecords,
    onAssigned: async (assigned) => (await take(assigned)).offset,
    onRevoked: async ({ topic, partition }) => void held.delete(`${topic}/${partition}`),
    onError: (error) =>
      logger.debug({ ...reasonOf(error) }, "the topology's consumer reported an error"),
    async onBatch({ topic, partition, records, signal }) {
      const place = { topic, partition };
      const failure = await attempt(place, records, signal);
      if (failure === undefined) return;
      for (const record of records) {
        const alone = records.length === 1 ? failure : await attempt(place, [record], signal);
        if (alone !== undefined) await bury(place, record, alone);
      }
    },
  });

  return {
    name: topology.name,
    status: () =>
      [...held.values()].map(({ topic, partition, offset, memory }) => ({
        topic,
        partition,
        offset,
        watermark: watermarkIn(topology, memory.progress),
        openWindows: memory.windows.size,
        late: memory.progress.late,
      })),
    async drain() {
      const abort = new AbortController();
      for (const topic of topics) {
        for (const { partition, earliest, next } of await eventLog.offsets(topic)) {
          const reached = (): boolean =>
            earliest === next || (held.get(`${topic}/${partition}`)?.offset ?? 0) >= next;
          while (!reached()) await pause(5, abort.signal);
        }
      }
    },
    close: () => consumer.close(),
  };
}

/** Whether waiting can mend it, so that nothing is wrong with the record. */
function passes(error: unknown): boolean {
  return (
    isEcapError(error) &&
    error.retryable &&
    error.code !== "ECAP_PLUGIN_FAILED" &&
    error.code !== "ECAP_INTERNAL"
  );
}

async function prepareTopics(
  eventLog: EventLog,
  topology: Topology,
  sources: readonly string[],
): Promise<void> {
  const known = new Set((await eventLog.topics()).map(({ topic }) => topic));
  const targets = topology.nodes.flatMap((node) => {
    if (node.kind === "sink") return [node.topic];
    return node.kind === "tumblingWindow" && node.lateTopic !== undefined ? [node.lateTopic] : [];
  });
  for (const topic of [...sources, ...targets]) {
    if (known.has(topic)) continue;
    throw new EcapError(
      "ECAP_TOPIC_UNKNOWN",
      `topology "${topology.name}" uses topic "${topic}", which was never created`,
    );
  }
  for (const topic of sources) {
    if (!known.has(deadLetterTopic(topic))) {
      await eventLog.createTopic(deadLetterTopic(topic), { partitions: 1 });
    }
  }
}

async function assertNotAhead(eventLog: EventLog, claim: Claim): Promise<void> {
  const offsets = await eventLog.offsets(claim.topic);
  const next = offsets.find(({ partition }) => partition === claim.partition)?.next ?? 0;
  if (claim.offset === undefined || claim.offset <= next) return;
  throw new EcapError(
    "ECAP_STATE_AHEAD",
    `topology "${claim.topology}" stands at offset ${claim.offset} of ${claim.topic}/${claim.partition}, whose log ends at ${next}`,
  );
}
