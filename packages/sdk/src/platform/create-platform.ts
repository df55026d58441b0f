import { type Container, createContainer } from "../container.ts";
import { EcapError } from "../errors/ecap-error.ts";
import type { Dialect } from "../events/dialect.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import { schemaName } from "../events/event-definition.ts";
import { createRecordDecoder, encodeEvent, type RecordDecoder } from "../events/record-codec.ts";
import { createSchemaRegistry, type SchemaRegistry } from "../events/schema-registry.ts";
import { deadLetterTopic, defaultTopics } from "../events/topics.ts";
import { uuidv7 } from "../events/uuid.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { Plugin } from "../plugin/define-plugin.ts";
import { dependencyOf, type ServiceToken } from "../plugin/dependency.ts";
import type { MetricDefinition } from "../plugin/metric.ts";
import type { NewEvent, PlatformInspection, PluginContext } from "../plugin/plugin-context.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type { AdapterSet, PortName, Ports } from "../ports/index.ts";
import { sdkVersion } from "../sdk-version.ts";
import { type Background, type BackgroundRole, createBackground } from "./background.ts";
import type { BootPlan } from "./boot-plan.ts";
import { checkPlugins } from "./check-plugins.ts";
import { mergeAdapters, type PortTable } from "./merge-adapters.ts";
import { withTimeLimit } from "./time-limit.ts";

export interface PlatformOptions {
  /** Adapters or presets; of two that bring one port the later wins. */
  readonly adapters: AdapterSet | readonly AdapterSet[];
  readonly plugins: readonly Plugin[];
  /** Further kinds of clients whose records the log holds, as those of `@ecap/sdk/collector`. */
  readonly dialects?: readonly Dialect[];
}

/** A plugin after `setup`, with what it came to. */
export interface InstalledPlugin {
  readonly plugin: Plugin;
  readonly service: unknown;
  readonly setupMs: number;
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

const defaultTimeoutMs = 10_000;

/**
 * Composes adapters and plugins. Everything that can be wrong with the composition is said before anything of a plugin runs. Resolves when every
 * plugin is set up and its service can be used; `start` begins the work in the background.
 */
export async function createPlatform(options: PlatformOptions): Promise<Platform> {
  const plugins = checkPlugins(options.plugins, sdkVersion);
  const sets = Array.isArray(options.adapters)
    ? (options.adapters as readonly AdapterSet[])
    : [options.adapters as AdapterSet];
  const ports = mergeAdapters(sets);
  for (const { name, definition } of plugins)
    for (const port of definition.requires ?? []) ports.get(port, `plugin "${name}"`);

  const registry = createSchemaRegistry();
  for (const { definition } of plugins) {
    for (const event of [
      ...(definition.events?.produces ?? []),
      ...(definition.events?.consumes ?? []),
    ])
      registry.register(event);
  }
  const topics = topicsOf(plugins, registry);
  if (ports.has("eventLog")) await createTopics(ports.get("eventLog", "the platform"), topics);

  const container = createContainer();
  const emit = createEmitter(ports, registry);
  const installed: InstalledPlugin[] = [];
  const tables = distinct(plugins.flatMap(({ definition }) => definition.tables ?? []));
  const metrics = plugins.flatMap(({ definition }) => definition.metrics ?? []);
  let background: Background | undefined;
  let state: "ready" | "running" | "stopped" = "ready";

  const explain = (): BootPlan => ({
    sdk: sdkVersion,
    ports: portsOf(sets, ports),
    plugins: installed.map((entry) => planOf(entry, state, background)),
  });
  const inspect = (): PlatformInspection => ({
    plan: explain(),
    events: registry.list(),
    topics,
    tables,
    metrics,
    personalData: plugins.map(({ name, definition }) => ({
      plugin: name,
      holds: definition.personalData === "none" ? "none" : definition.personalData.holds,
    })),
  });
  try {
    for (const plugin of plugins)
      installed.push(await install(plugin, { container, ports, emit, inspect }));
  } catch (error) {
    await closeAll(sets);
    throw error;
  }
  const dialects = options.dialects ?? [];
  const decode = createRecordDecoder(registry, dialects);
  const started: InstalledPlugin[] = [];

  return {
    registry,
    dialects,
    plugins: installed,
    tables,
    metrics,
    topics,
    decode,
    service<Service>(plugin: { readonly service: ServiceToken<Service> }): Service {
      const name = plugin.service.plugin;
      if (!installed.some((candidate) => candidate.plugin.name === name)) {
        throw new EcapError(
          "ECAP_SERVICE_UNKNOWN",
          `plugin "${name}" is not part of this platform`,
        );
      }
      return container.get(plugin.service.token);
    },
    has: (name) => ports.has(name),
    port: (name) => ports.get(name, "the caller"),
    emit,
    get background() {
      return background;
    },
    async start(roles) {
      if (state !== "ready") return;
      state = "running";
      for (const entry of installed) {
        const { definition, name } = entry.plugin;
        await withTimeLimit(
          `start of plugin "${name}"`,
          definition.timeoutMs ?? defaultTimeoutMs,
          async () => definition.start?.(entry.service),
        );
        started.push(entry);
      }
      background = createBackground({ installed, ports, topics, tables, decode });
      await background.start(roles);
    },
    async drain() {
      await background?.drain();
    },
    async stop() {
      if (state === "stopped") return;
      state = "stopped";
      await background?.stop();
      for (const { plugin, service } of started.toReversed()) {
        const { definition, name } = plugin;
        try {
          await withTimeLimit(
            `stop of plugin "${name}"`,
            definition.timeoutMs ?? defaultTimeoutMs,
            async () => definition.stop?.(service),
          );
        } catch (error) {
          ports
            .get("logger", "the platform")
            .error({ plugin: name, error: String(error) }, "plugin did not stop cleanly");
        }
      }
      await closeAll(sets);
    },
    explain,
  };
}

interface Surroundings {
  readonly container: Container;
  readonly ports: PortTable;
  readonly emit: PluginContext["emit"];
  readonly inspect: PluginContext["inspect"];
}

async function install(
  plugin: Plugin,
  { container, ports, emit, inspect }: Surroundings,
): Promise<InstalledPlugin> {
  const { name, definition, options } = plugin;
  const logger = ports.get("logger", "the platform").child({ plugin: name });
  const ctx: PluginContext = {
    plugin: name,
    logger,
    clock: ports.get("clock", "the platform"),
    ports: ports.present as Ports,
    port: (port) => ports.get(port, `plugin "${name}"`),
    has: (port) => ports.has(port),
    inspect,
    emit: (event) => emit({ source: `ecap/${name}`, ...event }),
  };
  const deps: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(definition.dependsOn ?? {})) {
    const { service } = dependencyOf(entry);
    deps[key] = container.has(service.token) ? container.get(service.token) : undefined;
  }
  const begun = performance.now();
  try {
    const service = await withTimeLimit(
      `setup of plugin "${name}"`,
      definition.timeoutMs ?? defaultTimeoutMs,
      () => definition.setup(ctx, options, deps),
    );
    container.set<unknown>(plugin.service.token, service);
    return { plugin, service, setupMs: performance.now() - begun };
  } catch (cause) {
    if (cause instanceof EcapError) throw cause;
    throw new EcapError(
      "ECAP_PLUGIN_FAILED",
      `setup of plugin "${name}" failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function createEmitter(ports: PortTable, registry: SchemaRegistry): PluginContext["emit"] {
  return async (given) => {
    const definition = registry.get(given.type);
    if (definition === undefined)
      throw new EcapError("ECAP_SCHEMA_UNKNOWN", `nothing declares the event "${given.type}"`);
    const parsed = definition.schema.safeParse(given.data);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new EcapError(
        "ECAP_EVENT_INVALID",
        `event "${given.type}": ${issue?.message ?? "invalid"}`,
        { path: `/data/${issue?.path.join("/") ?? ""}` },
      );
    }
    const now = ports.get("clock", "the platform").now();
    const event: EventEnvelope = {
      id: uuidv7(now),
      source: "ecap",
      time: now,
      receivedAt: now,
      actor: {},
      context: {},
      dataschema: schemaName(definition),
      ...given,
    };
    await ports
      .get("eventLog", `emitting "${given.type}"`)
      .append(definition.topic, [encodeEvent(event)]);
    return event.id;
  };
}

function topicsOf(
  plugins: readonly Plugin[],
  registry: SchemaRegistry,
): Readonly<Record<string, TopicSpec>> {
  const declared: Record<string, TopicSpec> = { ...defaultTopics };
  for (const { definition } of plugins) Object.assign(declared, definition.topics);
  for (const { type, topic } of registry.list()) {
    if (declared[topic] === undefined)
      throw new EcapError(
        "ECAP_TOPIC_UNKNOWN",
        `event "${type}" goes to topic "${topic}", which no plugin declares`,
      );
  }
  return declared;
}

async function createTopics(
  eventLog: Ports["eventLog"],
  topics: Readonly<Record<string, TopicSpec>>,
): Promise<void> {
  for (const [topic, spec] of Object.entries(topics)) {
    await eventLog.createTopic(topic, spec);
    await eventLog.createTopic(deadLetterTopic(topic), { partitions: 1 });
  }
}

/** One table may be brought by several plugins; two different ones of one name may not. */
function distinct(tables: readonly LakeTable[]): readonly LakeTable[] {
  const byName = new Map<string, LakeTable>();
  for (const table of tables) {
    const other = byName.get(table.name);
    if (other !== undefined && other !== table)
      throw new EcapError(
        "ECAP_PLUGIN_INVALID",
        `two plugins bring different tables named "${table.name}"`,
      );
    byName.set(table.name, table);
  }
  return [...byName.values()];
}

/** Each port with the adapter that won it. */
function portsOf(sets: readonly AdapterSet[], ports: PortTable): BootPlan["ports"] {
  return sets.flatMap((set) =>
    Object.entries(set).flatMap(([key, port]) =>
      port !== undefined && ports.present[key as PortName] === port
        ? [{ port: key, adapter: set.name ?? "given" }]
        : [],
    ),
  );
}

async function closeAll(sets: readonly AdapterSet[]): Promise<void> {
  for (const set of sets.toReversed()) await set.close?.();
}

function planOf(
  entry: InstalledPlugin,
  state: "ready" | "running" | "stopped",
  background: Background | undefined,
): BootPlan["plugins"][number] {
  const { plugin, service, setupMs } = entry;
  const { name, definition } = plugin;
  return {
    name,
    version: definition.version,
    setupMs,
    state,
    dependsOn: Object.values(definition.dependsOn ?? {}).map(
      (dependency) => dependencyOf(dependency).service.plugin,
    ),
    requires: definition.requires ?? [],
    consumes: (definition.events?.consumes ?? []).map(schemaName),
    produces: (definition.events?.produces ?? []).map(schemaName),
    topics: Object.keys(definition.topics ?? {}),
    tables: (definition.tables ?? []).map((table) => table.name),
    topologies: (definition.topologies?.(service) ?? []).map((topology) => ({
      name: topology.name,
      breaker: background?.breakerOf(topology.name) ?? "closed",
    })),
    jobs: (definition.jobs?.(service) ?? []).map((job) => job.name),
    metrics: (definition.metrics ?? []).map((metric) => metric.name),
    migrations: (definition.migrations ?? []).map((migration) => migration.name),
    http: definition.http !== undefined,
    personalData:
      definition.personalData === "none"
        ? "none"
        : definition.personalData.holds.map(({ what, where }) => ({ what, where })),
  };
}
