import { createJobScheduler, type JobScheduler } from "../jobs/job-scheduler.ts";
import type { RecordDecoder } from "../events/record-codec.ts";
import type { LakeSink } from "../lake/lake-sink.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type { InstalledPlugin } from "./create-platform.ts";
import type { PortTable } from "./merge-adapters.ts";
import { superviseTopology, type SupervisedTopology } from "./supervise-topology.ts";

/** Work beside the API: topologies, lake sinks and jobs. A process takes some or all. */
export const backgroundRoles = ["topologies", "sinks", "jobs"] as const;
export type BackgroundRole = (typeof backgroundRoles)[number];

export interface Background {
  start(roles?: readonly BackgroundRole[]): Promise<void>;
  stop(): Promise<void>;
  /** Absent without a state store. */
  readonly jobs: JobScheduler | undefined;
  readonly topologies: readonly SupervisedTopology[];
  readonly sinks: readonly LakeSink[];
  breakerOf(topology: string): string | undefined;
  /** Resolves when everything the log held when it was called can be queried in the lake. */
  drainSinks(): Promise<void>;
}

export interface BackgroundOptions {
  readonly installed: readonly InstalledPlugin[];
  readonly ports: PortTable;
  readonly topics: Readonly<Record<string, TopicSpec>>;
  readonly tables: readonly LakeTable[];
  readonly decode: RecordDecoder;
}

export function createBackground(options: BackgroundOptions): Background {
  const { installed, ports } = options;
  const clock = ports.get("clock", "the platform");
  const logger = ports.get("logger", "the platform");
  const topologies: SupervisedTopology[] = [];
  let sinks: readonly LakeSink[] = [];
  const declaredJobs = installed.flatMap(({ plugin, service }) => plugin.definition.jobs?.(service) ?? []);
  const jobs = ports.has("stateStore") ? createJobScheduler({ jobs: declaredJobs, stateStore: ports.get("stateStore", "jobs"), clock, logger }) : undefined;

  async function startTopologies(): Promise<void> {
    for (const { plugin, service } of installed) {
      for (const topology of plugin.definition.topologies?.(service) ?? []) {
        const asker = `topology "${topology.name}"`;
        topologies.push(
          await superviseTopology({
            topology,
            eventLog: ports.get("eventLog", asker),
            stateStore: ports.get("stateStore", asker),
            committer: ports.get("committer", asker),
            clock,
            logger: logger.child({ plugin: plugin.name, topology: topology.name }),
            decode: options.decode,
          }),
        );
      }
    }
  }

  async function startSinks(): Promise<void> {
    if (!ports.has("tableStore") || !ports.has("eventLog")) return;
    const { startLakeSink } = await import("../lake/lake-sink.ts");
    const shared = { eventLog: ports.get("eventLog", "the lake sink"), tableStore: ports.get("tableStore", "the lake sink"), decode: options.decode, clock, logger };
    sinks = await Promise.all(
      Object.keys(options.topics).map((topic) =>
        startLakeSink({ topic, tables: options.tables.filter((table) => table.from.some((from) => from.topic === topic)), ...shared }),
      ),
    );
  }

  return {
    jobs,
    topologies,
    get sinks() {
      return sinks;
    },
    async start(roles = backgroundRoles) {
      if (roles.includes("topologies")) await startTopologies();
      if (roles.includes("sinks")) await startSinks();
      if (roles.includes("jobs")) jobs?.start();
    },
    async stop() {
      await jobs?.stop();
      await Promise.all(topologies.map((topology) => topology.close()));
      await Promise.all(sinks.map((sink) => sink.close()));
    },
    breakerOf: (name) => topologies.find((topology) => topology.name === name)?.breaker,
    async drainSinks() {
      await Promise.all(sinks.map((sink) => sink.drain()));
    },
  };
}
