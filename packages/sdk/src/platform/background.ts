import type { RecordDecoder } from "../events/record-codec.ts";
import { legHealth, sinkHealth } from "../health/consumer-health.ts";
import type { ConsumerHealth } from "../health/health.ts";
import type { JobScheduler } from "../jobs/job-scheduler.ts";
import type { LakeSink, LakeSinkLimits } from "../lake/lake-sink.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { Job } from "../plugin/job.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type { RunningTopology } from "../streams/run-topology.ts";
import { type CircuitBreaker, createCircuitBreaker } from "./circuit-breaker.ts";
import type { InstalledPlugin } from "./install-plugin.ts";
import type { PortTable } from "./merge-adapters.ts";

/** Work beside the API: topologies, lake sinks and jobs. A process takes some or all. */
export const backgroundRoles = ["topologies", "sinks", "jobs"] as const;
export type BackgroundRole = (typeof backgroundRoles)[number];

export interface Background {
  start(roles?: readonly BackgroundRole[]): Promise<void>;
  stop(): Promise<void>;
  /** Undefined before `start`, and without a state store. */
  readonly jobs: JobScheduler | undefined;
  readonly topologies: readonly RunningTopology[];
  readonly sinks: readonly LakeSink[];
  breakerOf(topology: string): string | undefined;
  /** How the topologies and sinks of this process are. */
  consumers(): readonly ConsumerHealth[];
  /** Resolves when everything the log held when it was called went through the topologies and, with what they made of it, can be queried in the lake. */
  drain(): Promise<void>;
}

export interface BackgroundOptions {
  readonly installed: readonly InstalledPlugin[];
  readonly ports: PortTable;
  readonly topics: Readonly<Record<string, TopicSpec>>;
  readonly tables: readonly LakeTable[];
  readonly decode: RecordDecoder;
  /** Of the kernel's own, beside those of the plugins. */
  readonly jobs: readonly Job[];
  readonly stepTimeoutMs?: number | undefined;
  readonly sinks?: Partial<LakeSinkLimits> | undefined;
}

export function createBackground(options: BackgroundOptions): Background {
  const { installed, ports } = options;
  const clock = ports.get("clock", "the platform");
  const logger = ports.get("logger", "the platform");
  const topologies: RunningTopology[] = [];
  /** One a plugin: what fails in one plugin pauses its topologies and nobody else's. */
  const breakers = new Map<string, CircuitBreaker>();
  const sinks: LakeSink[] = [];
  let jobs: JobScheduler | undefined;

  async function scheduleJobs(): Promise<void> {
    if (!ports.has("stateStore")) return;
    const { createJobScheduler } = await import("../jobs/job-scheduler.ts");
    jobs = createJobScheduler({
      jobs: [
        ...installed.flatMap(({ plugin, service }) => plugin.definition.jobs?.(service) ?? []),
        ...options.jobs,
      ],
      stateStore: ports.get("stateStore", "jobs"),
      clock,
      logger,
    });
  }

  async function startTopologies(): Promise<void> {
    for (const { plugin, service } of installed) {
      const declared = plugin.definition.topologies?.(service) ?? [];
      if (declared.length === 0) continue;
      const { runTopology } = await import("../streams/run-topology.ts");
      const breaker = createCircuitBreaker({ clock });
      for (const topology of declared) {
        const asker = `topology "${topology.name}"`;
        breakers.set(topology.name, breaker);
        topologies.push(
          await runTopology({
            topology,
            eventLog: ports.get("eventLog", asker),
            stateStore: ports.get("stateStore", asker),
            committer: ports.get("committer", asker),
            clock,
            logger: logger.child({ plugin: plugin.name, topology: topology.name }),
            decode: options.decode,
            breaker,
            ...(options.stepTimeoutMs !== undefined && { stepTimeoutMs: options.stepTimeoutMs }),
          }),
        );
      }
    }
  }

  async function startSinks(): Promise<void> {
    if (!ports.has("tableStore") || !ports.has("eventLog")) return;
    const { startLakeSink } = await import("../lake/lake-sink.ts");
    const shared = {
      eventLog: ports.get("eventLog", "the lake sink"),
      tableStore: ports.get("tableStore", "the lake sink"),
      decode: options.decode,
      clock,
      logger,
      limits: options.sinks ?? {},
    };
    // Each is kept as soon as it runs, so that stopping closes it also where another could not begin.
    const starting = Object.keys(options.topics).map(async (topic) => {
      const tables = options.tables.filter(({ from }) =>
        from.some((source) => source.topic === topic),
      );
      sinks.push(await startLakeSink({ topic, tables, ...shared }));
    });
    const failed = (await Promise.allSettled(starting)).find(
      (result) => result.status === "rejected",
    );
    if (failed !== undefined) throw failed.reason as Error;
  }

  return {
    get jobs() {
      return jobs;
    },
    topologies,
    sinks,
    async start(roles = backgroundRoles) {
      await scheduleJobs();
      if (roles.includes("topologies")) await startTopologies();
      if (roles.includes("sinks")) await startSinks();
      if (roles.includes("jobs")) jobs?.start();
    },
    async stop() {
      await jobs?.stop();
      // Each is waited for, also where another cannot close: adapters go next.
      const closed = [
        ...(await Promise.allSettled(topologies.map((topology) => topology.close()))),
        ...(await Promise.allSettled(sinks.map((sink) => sink.close()))),
      ];
      const failed = closed.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason as Error;
    },
    breakerOf: (name) => breakers.get(name)?.state,
    consumers: () => [
      ...topologies.flatMap((topology) => {
        const isOpen = breakers.get(topology.name)?.state === "open";
        return topology.legs().map((leg) => legHealth(leg, isOpen));
      }),
      ...sinks.map(sinkHealth),
    ],
    async drain() {
      for (const topology of topologies) await topology.drain();
      await Promise.all(sinks.map((sink) => sink.drain()));
    },
  };
}
