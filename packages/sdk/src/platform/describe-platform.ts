import { schemaName } from "../events/event-definition.ts";
import { dependencyOf } from "../plugin/dependency.ts";
import type { AdapterSet, PortName } from "../ports/index.ts";
import type { Background } from "./background.ts";
import type { BootPlan } from "./boot-plan.ts";
import type { InstalledPlugin } from "./install-plugin.ts";
import type { PortTable } from "./merge-adapters.ts";

/** Each port with the adapter that won it. */
export function describePorts(sets: readonly AdapterSet[], ports: PortTable): BootPlan["ports"] {
  return sets.flatMap((set) =>
    Object.entries(set).flatMap(([key, port]) =>
      port !== undefined && ports.present[key as PortName] === port
        ? [{ port: key, adapter: set.name ?? "given" }]
        : [],
    ),
  );
}

/** A plugin with everything it contributes and how it is. */
export function describePlugin(
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
    models: (definition.models?.(service) ?? []).map((model) => `${model.name}/${model.version}`),
    qualityRules: (definition.qualityRules ?? []).map((rule) => rule.name),
    migrations: (definition.migrations ?? []).map((migration) => migration.name),
    http: definition.http !== undefined,
    personalData:
      definition.personalData === "none"
        ? "none"
        : definition.personalData.holds.map(({ what, where }) => ({ what, where })),
  };
}
