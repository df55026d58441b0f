import type { EventEnvelope } from "../events/envelope.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { BootPlan } from "../platform/boot-plan.ts";
import type { Clock } from "../ports/clock.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type { PortName, Ports } from "../ports/index.ts";
import type { Logger } from "../ports/logger.ts";
import type { MetricDefinition } from "./metric.ts";
import type { ModelInfo } from "./model-info.ts";
import type { PersonalDataHolding } from "./personal-data.ts";
import type { QualityRule } from "./quality-rule.ts";

/** What is said of an event to emit; id, times and source are filled in where absent. */
export type NewEvent = Pick<EventEnvelope, "type" | "tenant" | "data"> & Partial<EventEnvelope>;

/** The composition as its members see it, once every plugin is set up. */
export interface PlatformInspection {
  readonly plan: BootPlan;
  readonly events: readonly EventDefinition[];
  readonly topics: Readonly<Record<string, TopicSpec>>;
  readonly tables: readonly LakeTable[];
  readonly metrics: readonly MetricDefinition[];
  /** Models the plugins serve, each with its plugin. */
  readonly models: ReadonlyArray<ModelInfo & { readonly plugin: string }>;
  /** What must hold of events, each with the plugin that says so. */
  readonly qualityRules: ReadonlyArray<QualityRule & { readonly plugin: string }>;
  /** Fields by topic whose most frequent values may be shown. */
  readonly categoryFields: Readonly<Record<string, readonly string[]>>;
  /** What each plugin keeps about people. */
  readonly personalData: ReadonlyArray<{
    readonly plugin: string;
    readonly holds: readonly PersonalDataHolding[] | "none";
  }>;
}

/** What a plugin is given to work with. */
export interface PluginContext<Required = Ports> {
  readonly plugin: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The ports the plugin requires. */
  readonly ports: Required;
  /** Any port; ECAP_PORT_MISSING says which adapter to add where there is none. */
  port<Name extends PortName>(name: Name): Ports[Name];
  has(name: PortName): boolean;
  /** What the platform is made of at this moment. */
  inspect(): PlatformInspection;
  /** Appends an event of a type the plugin produces; resolves the id once it is durable. */
  emit(event: NewEvent): Promise<string>;
}
