import { createContainer } from "../container.ts";
import { EcapError } from "../errors/ecap-error.ts";
import { createRecordDecoder } from "../events/record-codec.ts";
import { systemEvents } from "../health/alert-events.ts";
import type { ExpectedConsumer } from "../health/deployment-health.ts";
import { createHealthMonitor } from "../health/health-monitor.ts";
import { healthSettings } from "../health/health-options.ts";
import { createProducerWatch } from "../health/producer-watch.ts";
import { sinkGroup } from "../lake/sink-group.ts";
import type { LakeUpkeep, LakeUpkeepOptions } from "../lake/upkeep/lake-upkeep.ts";
import type { ServiceToken } from "../plugin/dependency.ts";
import type { PlatformInspection } from "../plugin/plugin-context.ts";
import { topologyGroup } from "../ports/committer.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type { AdapterSet, Ports } from "../ports/index.ts";
import type { Logger } from "../ports/logger.ts";
import { sdkVersion } from "../sdk-version.ts";
import { type Background, backgroundRoles, createBackground } from "./background.ts";
import type { BootPlan } from "./boot-plan.ts";
import { checkComposition } from "./composition.ts";
import { describePlugin, describePorts } from "./describe-platform.ts";
import { createEmitter } from "./event-emitter.ts";
import { defaultTimeoutMs, type InstalledPlugin, installPlugin } from "./install-plugin.ts";
import { mergeAdapters, type PortTable } from "./merge-adapters.ts";
import type { Platform, PlatformOptions } from "./platform.ts";
import { withTimeLimit } from "./time-limit.ts";
import { planTopics, type TopicPlan } from "./topic-settings.ts";
import { withFreshQueries } from "./with-fresh-queries.ts";

/**
 * Composes adapters and plugins. Everything that can be wrong with the composition is said before anything of a plugin runs. Resolves when every
 * plugin is set up and its service can be used; `start` begins the work in the background.
 */
export async function createPlatform(options: PlatformOptions): Promise<Platform> {
  const sets = adapterSets(options);
  const ports = mergeAdapters(sets);
  try {
    return await setUp(options, sets, ports);
  } catch (error) {
    await closeAll(sets, ports.get("logger", "the platform"));
    throw error;
  }
}

async function setUp(
  options: PlatformOptions,
  sets: readonly AdapterSet[],
  given: PortTable,
): Promise<Platform> {
  const composition = checkComposition(options.plugins, given);
  const { plugins, registry, tables, qualityRules, categoryFields } = composition;
  for (const event of systemEvents) registry.register(event);
  const plan = planTopics(composition.topics, options.topics);
  const { topics } = plan;
  if (given.has("eventLog")) await createTopics(given.get("eventLog", "the platform"), plan);
  const dialects = options.dialects ?? [];
  const decode = createRecordDecoder(registry, dialects);
  const ports = withFreshQueries(given, {
    topics: Object.keys(topics),
    tables,
    decode,
    limits: options.fresh,
  });

  const lake = await lakeUpkeep(ports, { topics: Object.keys(topics), tables }, options.lake);

  const container = createContainer();
  const producers = createProducerWatch(ports.get("clock", "the platform"));
  const emit = createEmitter(ports, registry, producers);
  const metrics = plugins.flatMap(({ definition }) => definition.metrics ?? []);
  const installed: InstalledPlugin[] = [];
  let background: Background | undefined;
  let state: "ready" | "running" | "stopped" = "ready";

  const explain = (): BootPlan => ({
    sdk: sdkVersion,
    ports: describePorts(sets, ports),
    plugins: installed.map((entry) => describePlugin(entry, state, background)),
  });
  const inspect = (): PlatformInspection => ({
    // Made when asked for, as it asks plugins for their topologies, and those may follow from the rest.
    get plan() {
      return explain();
    },
    events: registry.list(),
    topics,
    tables,
    metrics,
    models: installed.flatMap(({ plugin, service }) =>
      (plugin.definition.models?.(service) ?? []).map((model) => ({
        ...model,
        plugin: plugin.name,
      })),
    ),
    qualityRules,
    categoryFields,
    personalData: plugins.map(({ name, definition }) => ({
      plugin: name,
      holds: definition.personalData === "none" ? "none" : definition.personalData.holds,
    })),
  });
  for (const plugin of plugins) {
    installed.push(await installPlugin(plugin, { container, ports, emit, inspect, producers }));
  }
  const started: InstalledPlugin[] = [];
  const health = createHealthMonitor({
    ports: {
      ...ports.present,
      clock: ports.get("clock", "the platform"),
      logger: ports.get("logger", "the platform"),
    },
    settings: healthSettings(options.health),
    producers,
    eventLog: () => ports.get("eventLog", "a producer"),
    topics: Object.keys(topics),
    expected: once(() => expectedConsumers({ installed, topics, ports })),
    consumers: () => background?.consumers() ?? [],
    emit: (event) => emit({ source: "ecap/health", ...event }),
  });

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
    lake,
    health,
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
      const jobs = [...health.jobs, ...(lake?.jobs ?? [])];
      const { stepTimeoutMs, sinks } = options;
      background = createBackground({
        installed,
        ports,
        topics,
        tables,
        decode,
        jobs,
        stepTimeoutMs,
        sinks,
      });
      health.start(roles ?? backgroundRoles);
      await background.start(roles);
      health.publish();
    },
    async drain() {
      await background?.drain();
    },
    async stop() {
      if (state === "stopped") return;
      state = "stopped";
      const logger = ports.get("logger", "the platform");
      await background?.stop().catch((error: unknown) => {
        logger.error({ error: String(error) }, "the background work did not stop cleanly");
      });
      await health.stop();
      for (const { plugin, service } of started.toReversed()) {
        const { definition, name } = plugin;
        try {
          await withTimeLimit(
            `stop of plugin "${name}"`,
            definition.timeoutMs ?? defaultTimeoutMs,
            async () => definition.stop?.(service),
          );
        } catch (error) {
          logger.error({ plugin: name, error: String(error) }, "plugin did not stop cleanly");
        }
      }
      await closeAll(sets, logger);
    },
    explain,
  };
}

function adapterSets({ adapters }: PlatformOptions): readonly AdapterSet[] {
  return Array.isArray(adapters) ? (adapters as readonly AdapterSet[]) : [adapters as AdapterSet];
}

/** Where there are tables that want looking after. */
async function lakeUpkeep(
  { present: { tableStore, stateStore, clock, logger } }: PortTable,
  composed: Pick<LakeUpkeepOptions, "topics" | "tables">,
  options: PlatformOptions["lake"],
): Promise<LakeUpkeep | undefined> {
  const maintenance = tableStore?.maintenance;
  if (!tableStore || !maintenance || !stateStore || !clock || !logger) return undefined;
  const { createLakeUpkeep } = await import("../lake/upkeep/lake-upkeep.ts");
  const parts = { tableStore, maintenance, stateStore, clock, logger };
  return createLakeUpkeep({ ...parts, ...composed, options });
}

async function createTopics(
  eventLog: Ports["eventLog"],
  { topics, deadLetters }: TopicPlan,
): Promise<void> {
  for (const [topic, spec] of Object.entries({ ...topics, ...deadLetters }))
    await eventLog.createTopic(topic, spec);
}

/** All that reads the log, wherever it runs. */
function expectedConsumers({
  installed,
  topics,
  ports,
}: {
  readonly installed: readonly InstalledPlugin[];
  readonly topics: Readonly<Record<string, TopicSpec>>;
  readonly ports: PortTable;
}): readonly ExpectedConsumer[] {
  const legs = installed
    .flatMap(({ plugin, service }) => plugin.definition.topologies?.(service) ?? [])
    .flatMap((topology) => topology.legs);
  const sunk = ports.has("tableStore") ? Object.keys(topics) : [];
  return [
    ...legs.map(({ name, source }) => ({
      name: topologyGroup(name),
      kind: "topology" as const,
      topics: source.topics,
    })),
    ...sunk.map((topic) => ({ name: sinkGroup(topic), kind: "sink" as const, topics: [topic] })),
  ];
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

async function closeAll(sets: readonly AdapterSet[], logger: Logger): Promise<void> {
  for (const set of sets.toReversed()) {
    try {
      await set.close?.();
    } catch (error) {
      logger.error({ adapter: set.name, error: String(error) }, "adapter did not close cleanly");
    }
  }
}
