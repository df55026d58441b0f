import type { Container } from "../container.ts";
import { EcapError } from "../errors/ecap-error.ts";
import type { ProducerWatch } from "../health/producer-watch.ts";
import type { Plugin } from "../plugin/define-plugin.ts";
import { dependencyOf } from "../plugin/dependency.ts";
import type { PluginContext } from "../plugin/plugin-context.ts";
import type { Ports } from "../ports/index.ts";
import type { PortTable } from "./merge-adapters.ts";
import { withTimeLimit } from "./time-limit.ts";

/** Time limit of a plugin's setup, start and stop each, where it names none. */
export const defaultTimeoutMs = 10_000;

/** A plugin after `setup`, with what it came to. */
export interface InstalledPlugin {
  readonly plugin: Plugin;
  readonly service: unknown;
  readonly setupMs: number;
}

/** What a plugin is set up in. */
export interface Surroundings {
  readonly container: Container;
  readonly ports: PortTable;
  readonly emit: PluginContext["emit"];
  readonly inspect: PluginContext["inspect"];
  readonly producers: ProducerWatch;
}

/** Gives a plugin its context and the services it depends on, and keeps the service it makes. */
export async function installPlugin(
  plugin: Plugin,
  { container, ports: given, emit, inspect, producers }: Surroundings,
): Promise<InstalledPlugin> {
  const { name, definition, options } = plugin;
  const { eventLog } = given.present;
  // What the plugin appends counts for the plugin.
  const ports = eventLog
    ? given.with({ eventLog: producers.watched(`plugin/${name}`, eventLog) })
    : given;
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
