import type { z } from "zod";
import { EcapError } from "../errors/ecap-error.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { Route } from "../http/route.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { Migration } from "../ports/database.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type { PortName, Ports } from "../ports/index.ts";
import type { Topology } from "../streams/topology.ts";
import {
  type Dependencies,
  type ResolvedDependencies,
  type ServiceToken,
  serviceToken,
} from "./dependency.ts";
import type { Job } from "./job.ts";
import type { LiveBoard } from "./live-board.ts";
import type { MetricDefinition } from "./metric.ts";
import type { ModelInfo } from "./model-info.ts";
import type { PersonalData } from "./personal-data.ts";
import type { PluginContext } from "./plugin-context.ts";
import type { QualityRule } from "./quality-rule.ts";

export interface PluginDefinition<
  Options extends z.ZodType,
  Requires extends PortName,
  Deps extends Dependencies,
  Service,
> {
  /** Lower-case letters, digits and dashes; unique in a platform. */
  readonly name: string;
  readonly version: string;
  /** Range of `@ecap/sdk` versions it works with, as in "0.x". Checked before anything of the plugin runs. */
  readonly sdk: string;
  /** Services of other plugins, by the name `setup` knows them by. */
  readonly dependsOn?: Deps;
  /** Ports it cannot do without; others are asked for when needed, through `ctx.port(name)`. */
  readonly requires?: readonly Requires[];
  readonly options?: Options;
  readonly events?: {
    /** Events it reads; their definitions are registered if nobody else did. */
    readonly consumes?: readonly EventDefinition[];
    readonly produces?: readonly EventDefinition[];
  };
  /** Required: what it keeps about people, or `none`. */
  readonly personalData: PersonalData<Service> | "none";
  readonly topics?: Readonly<Record<string, TopicSpec>>;
  readonly tables?: readonly LakeTable[];
  readonly metrics?: readonly MetricDefinition[];
  readonly migrations?: readonly Migration[];
  /** What must hold of events; whoever watches the quality of data reads them. */
  readonly qualityRules?: readonly QualityRule[];
  /** Fields by topic whose most frequent values may be shown: few, and about no person. */
  readonly categoryFields?: Readonly<Record<string, readonly string[]>>;
  /** What it shows under `plugins.<name>` of `GET /v1/live`. */
  readonly live?: () => LiveBoard;
  readonly topologies?: (service: Service) => readonly Topology[];
  readonly jobs?: (service: Service) => readonly Job[];
  /** Models it serves at this moment. */
  readonly models?: (service: Service) => readonly ModelInfo[];
  /** Routes, loaded only by a server. */
  readonly http?: () => Promise<{ readonly routes: (service: Service) => readonly Route[] }>;
  /** Makes the service. No I/O that takes long here; that belongs to `start`. */
  readonly setup: (
    ctx: PluginContext<Pick<Ports, Requires>>,
    options: z.output<Options>,
    deps: ResolvedDependencies<Deps>,
  ) => Service | Promise<Service>;
  readonly start?: (service: Service) => Promise<void>;
  readonly stop?: (service: Service) => Promise<void>;
  /** Time limit of setup, start and stop each. Default 10,000. */
  readonly timeoutMs?: number;
}

/** A plugin with its options, ready for a platform. What only the kernel calls is behind `definition`. */
export interface Plugin<Service = unknown> {
  readonly name: string;
  readonly service: ServiceToken<Service>;
  readonly definition: AnyPluginDefinition;
  readonly options: unknown;
}

/** A definition whose types were checked where it was defined. Methods, not properties, so that any service type fits. */
export interface AnyPluginDefinition
  extends Omit<
    PluginDefinition<z.ZodType, PortName, Dependencies, unknown>,
    "personalData" | "topologies" | "jobs" | "models" | "http" | "setup" | "start" | "stop"
  > {
  readonly personalData: AnyPersonalData | "none";
  topologies?(service: unknown): readonly Topology[];
  jobs?(service: unknown): readonly Job[];
  models?(service: unknown): readonly ModelInfo[];
  http?(): Promise<{ routes(service: unknown): readonly Route[] }>;
  setup(ctx: PluginContext, options: unknown, deps: unknown): unknown;
  start?(service: unknown): Promise<void>;
  stop?(service: unknown): Promise<void>;
}

export interface AnyPersonalData extends Pick<PersonalData<unknown>, "holds"> {
  export(
    service: unknown,
    subject: Parameters<PersonalData<unknown>["export"]>[1],
  ): Promise<unknown>;
  erase(
    service: unknown,
    subject: Parameters<PersonalData<unknown>["erase"]>[1],
  ): Promise<{ readonly erased: number }>;
}

export interface PluginFactory<Options extends z.ZodType, Service> {
  (
    ...options: undefined extends z.input<Options>
      ? [options?: z.input<Options>]
      : [options: z.input<Options>]
  ): Plugin<Service>;
  readonly service: ServiceToken<Service>;
}

/**
 * Defines a plugin; the result is called with its options. Options are validated at once: ECAP_PLUGIN_OPTIONS names the option, what came and what is allowed.
 */
export function definePlugin<
  Service,
  Options extends z.ZodType = z.ZodOptional<z.ZodObject>,
  Requires extends PortName = never,
  Deps extends Dependencies = Dependencies,
>(definition: PluginDefinition<Options, Requires, Deps, Service>): PluginFactory<Options, Service> {
  const service = serviceToken<Service>(definition.name);
  const erased: AnyPluginDefinition = definition;
  const factory = (...[options]: readonly unknown[]): Plugin<Service> => ({
    name: definition.name,
    service,
    definition: erased,
    options:
      definition.options === undefined
        ? undefined
        : parseOptions(definition.name, definition.options, options),
  });
  return Object.assign(factory, { service });
}

function parseOptions(plugin: string, schema: z.ZodType, options: unknown): unknown {
  const parsed = schema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  const received = shown(valueAt(options, issue?.path ?? []));
  throw new EcapError(
    "ECAP_PLUGIN_OPTIONS",
    `plugin "${plugin}": option ${path === "" ? "(all)" : path}: ${issue?.message ?? "invalid"}; it was ${received}`,
    { path, received },
  );
}

function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  let value = options;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === String(part))?.[1];
  }
  return value;
}

function shown(value: unknown): string {
  const text = typeof value === "function" ? "a function" : (JSON.stringify(value) ?? "not given");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
