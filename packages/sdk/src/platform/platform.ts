import type { Dialect } from "../events/dialect.ts";
import type { RecordDecoder } from "../events/record-codec.ts";
import type { SchemaRegistry } from "../events/schema-registry.ts";
import type { HealthMonitor } from "../health/health-monitor.ts";
import type { HealthOptions } from "../health/health-options.ts";
import type { LakeSinkLimits } from "../lake/lake-sink.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { TailLimits } from "../lake/topic-tail.ts";
import type { LakeOptions } from "../lake/upkeep/lake-options.ts";
import type { LakeUpkeep } from "../lake/upkeep/lake-upkeep.ts";
import type { Plugin } from "../plugin/define-plugin.ts";
import type { ServiceToken } from "../plugin/dependency.ts";
import type { MetricDefinition } from "../plugin/metric.ts";
import type { NewEvent } from "../plugin/plugin-context.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type { AdapterSet, PortName, Ports } from "../ports/index.ts";
import type { Background, BackgroundRole } from "./background.ts";
import type { BootPlan } from "./boot-plan.ts";
import type { InstalledPlugin } from "./install-plugin.ts";
import type { TopicSettings } from "./topic-settings.ts";

export interface PlatformOptions {
  /** Adapters or presets; of two that bring one port the later wins. */
  readonly adapters: AdapterSet | readonly AdapterSet[];
  readonly plugins: readonly Plugin[];
  /** Further kinds of clients whose records the log holds, as those of `@ecap/sdk/collector`. */
  readonly dialects?: readonly Dialect[];
  /** Retention of topics, and partitions of those that are not there yet. Default: 14 days, dead letters 30 days and 1 GiB a partition. */
  readonly topics?: TopicSettings;
  readonly health?: HealthOptions;
  /** How long a step of a topology may take with a batch. Default 60,000. */
  readonly stepTimeoutMs?: number;
  /** When the lake sinks write. */
  readonly sinks?: Partial<LakeSinkLimits>;
  /** What a fresh query reads of the log at most. */
  readonly fresh?: Partial<TailLimits>;
  /** How long tables keep their rows, when they are looked after, what storage costs, and where lineage is told. */
  readonly lake?: LakeOptions;
}

export interface Platform {
  readonly registry: SchemaRegistry;
  readonly dialects: readonly Dialect[];
  readonly plugins: readonly InstalledPlugin[];
  readonly tables: readonly LakeTable[];
  readonly metrics: readonly MetricDefinition[];
  readonly topics: Readonly<Record<string, TopicSpec>>;
  readonly decode: RecordDecoder;
  /** A plugin's service; ECAP_SERVICE_UNKNOWN where the plugin is not part of this platform. */
  service<Service>(plugin: { readonly service: ServiceToken<Service> }): Service;
  has(port: PortName): boolean;
  /** A port; ECAP_PORT_MISSING where no adapter brings it. */
  port<Name extends PortName>(name: Name): Ports[Name];
  /** Appends an event; resolves its id once it is durable. */
  emit(event: NewEvent): Promise<string>;
  /** What looks after the lake's tables; undefined where their store does so itself, and without a state store. */
  readonly lake: LakeUpkeep | undefined;
  /** How producers and consumers are. */
  readonly health: HealthMonitor;
  /** Starts plugins, then their topologies, the lake sinks and the jobs; or only the named roles. */
  start(roles?: readonly BackgroundRole[]): Promise<void>;
  /** Jobs, sinks and topologies of this process; undefined before `start`. */
  readonly background: Background | undefined;
  /** Resolves when everything the log held when it was called went through the topologies and can be queried in the lake. Does nothing before `start`. */
  drain(): Promise<void>;
  /** Stops everything in reverse order and lets go of the adapters. */
  stop(): Promise<void>;
  explain(): BootPlan;
}
