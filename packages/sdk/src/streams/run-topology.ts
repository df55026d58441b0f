import { EcapError } from "../errors/ecap-error.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import { deadLetterTopic, ensureDeadLetters } from "../events/topics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Committer } from "../ports/committer.ts";
import type { EventLog, LogRecord } from "../ports/event-log.ts";
import { type Logger, silentLogger } from "../ports/logger.ts";
import type { StateStore } from "../ports/state-store.ts";
import type { Breaker, TopologyFailure } from "./leg/leg-options.ts";
import { type RunningLeg, runLeg } from "./leg/run-leg.ts";
import type { EnrichSettings, TopologyNode } from "./nodes.ts";
import { type TableReader, type TableReaderOptions, tableReader } from "./table-reader.ts";
import { upstreamName } from "./through-record.ts";
import type { Leg, Topology } from "./topology.ts";
import type { LegStatus, PartitionStatus } from "./topology-status.ts";

export type { Breaker, TopologyFailure } from "./leg/leg-options.ts";

export interface RunTopologyOptions {
  readonly topology: Topology;
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly decode: (record: LogRecord) => EventEnvelope | undefined;
  /** Records a batch. Default 2,000. */
  readonly maxRecords?: number;
  /** Attempts at a batch, then at each of its records alone, before a record goes to the dead letters. Default 5. */
  readonly maxAttempts?: number;
  /** Wait before the second attempt, less up to half of it by chance; it doubles up to 30 s. Default 100. */
  readonly backoffMs?: number;
  /** How long a step may take with a batch; past it the attempt has failed and its effects are dropped. Default 60,000. */
  readonly stepTimeoutMs?: number;
  readonly breaker?: Breaker;
  readonly onError?: (failure: TopologyFailure) => void;
}

export interface RunningTopology {
  readonly name: string;
  status(): readonly PartitionStatus[];
  /** The same by leg, with what keeps a leg from its partitions. */
  legs(): readonly LegStatus[];
  /** Resolves once everything the topics held when it was called is processed, through all legs. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Runs a topology in this process: a member of a consumer group for each leg. Whatever crashes, each input record changes state and emits
 * exactly once.
 *
 * An event that the topology's code throws at goes to `<topic>.dlq` with the reason, and its neighbours go on. Where most of a batch fails, the
 * batch is tried again; one that keeps failing is taken apart. An error that says a retry can help (storage full, overloaded) is waited
 * out, however long it takes.
 */
export async function runTopology(options: RunTopologyOptions): Promise<RunningTopology> {
  const { topology, eventLog, stateStore, clock, logger = silentLogger } = options;
  const partitions = await prepareTopics(eventLog, topology);
  const partitionsOf = (topic: string): number => partitions.get(topic) ?? 1;
  const tableOf = sharedTables({ eventLog, stateStore, now: () => clock.now() });
  const running: RunningLeg[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.map((leg) => leg.close()));
  };
  try {
    for (const leg of topology.legs) {
      running.push(
        await runLeg({
          maxRecords: 2_000,
          maxAttempts: 5,
          backoffMs: 100,
          stepTimeoutMs: 60_000,
          breaker: undefined,
          onError: undefined,
          ...options,
          topology: topology.name,
          leg,
          upstream: upstreamOf(leg, topology, partitionsOf),
          partitionsOf,
          tableOf,
          logger,
        }),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: topology.name,
    status: () => running.flatMap((leg) => leg.status().partitions),
    legs: () => running.map((leg) => leg.status()),
    async drain() {
      for (const leg of running) await leg.drain();
    },
    close,
  };
}

/** One reader for each enrichment of the topology, whatever partitions it runs on. */
function sharedTables(options: TableReaderOptions): (settings: EnrichSettings) => TableReader {
  const readers = new Map<EnrichSettings, TableReader>();
  return (settings) => {
    const reader = readers.get(settings) ?? tableReader(settings, options);
    readers.set(settings, reader);
    return reader;
  };
}

/** The partitions that write to the leg's intermediate topic; undefined where it reads topics from outside. */
function upstreamOf(
  { source }: Leg,
  { legs, intermediate }: Topology,
  partitionsOf: (topic: string) => number,
): readonly string[] | undefined {
  const [topic = ""] = source.topics;
  if (!(topic in intermediate)) return undefined;
  return legs
    .filter(({ nodes }) => nodes.some((node) => node.kind === "through" && node.topic === topic))
    .flatMap((leg) =>
      leg.source.topics.flatMap((from) =>
        Array.from({ length: partitionsOf(from) }, (_, partition) =>
          upstreamName({ leg: leg.name, topic: from, partition }),
        ),
      ),
    );
}

/** Makes the topology's own topics and resolves how many partitions each topic has. */
async function prepareTopics(
  eventLog: EventLog,
  { name, legs, intermediate }: Topology,
): Promise<ReadonlyMap<string, number>> {
  for (const [topic, spec] of Object.entries(intermediate)) await eventLog.createTopic(topic, spec);
  const known = new Map(
    (await eventLog.topics()).map(({ topic, partitions }) => [topic, partitions]),
  );
  const sources = legs.flatMap(({ source }) => source.topics);
  const targets = legs.flatMap(({ nodes }) => nodes.flatMap(targetsOf));
  for (const topic of [...sources, ...targets]) {
    if (known.has(topic)) continue;
    throw new EcapError(
      "ECAP_TOPIC_UNKNOWN",
      `topology "${name}" uses topic "${topic}", which was never created`,
    );
  }
  for (const topic of sources) {
    if (!known.has(deadLetterTopic(topic))) await ensureDeadLetters(eventLog, topic);
  }
  return known;
}

function targetsOf(node: TopologyNode): readonly string[] {
  if (node.kind === "sink") return [node.topic];
  if (node.kind === "route") return node.routes.map(({ topic }) => topic);
  const isTimed = node.kind === "window" || node.kind === "join";
  return isTimed && node.lateTopic !== undefined ? [node.lateTopic] : [];
}
