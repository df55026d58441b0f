import { EcapError } from "../errors/ecap-error.ts";
import { createSchemaRegistry, type SchemaRegistry } from "../events/schema-registry.ts";
import { defaultTopics } from "../events/topics.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { Plugin } from "../plugin/define-plugin.ts";
import type { PlatformInspection } from "../plugin/plugin-context.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import { sdkVersion } from "../sdk-version.ts";
import { checkPlugins } from "./check-plugins.ts";
import type { PortTable } from "./merge-adapters.ts";

/** What adapters and plugins come to, checked, before anything of a plugin has run. */
export interface Composition {
  /** In the order to set up. */
  readonly plugins: readonly Plugin[];
  readonly registry: SchemaRegistry;
  readonly topics: Readonly<Record<string, TopicSpec>>;
  readonly tables: readonly LakeTable[];
  readonly qualityRules: PlatformInspection["qualityRules"];
  readonly categoryFields: PlatformInspection["categoryFields"];
}

/** Says everything that can be wrong with a composition. */
export function checkComposition(given: readonly Plugin[], ports: PortTable): Composition {
  const plugins = checkPlugins(given, sdkVersion);
  for (const { name, definition } of plugins) {
    for (const port of definition.requires ?? []) ports.get(port, `plugin "${name}"`);
  }
  const registry = registerEvents(plugins);
  const topics = topicsOf(plugins, registry);
  return {
    plugins,
    registry,
    topics,
    qualityRules: rulesOf(plugins, topics),
    categoryFields: categoriesOf(plugins),
    tables: distinct(plugins.flatMap(({ definition }) => definition.tables ?? [])),
  };
}

function registerEvents(plugins: readonly Plugin[]): SchemaRegistry {
  const registry = createSchemaRegistry();
  for (const { definition } of plugins) {
    const { produces = [], consumes = [] } = definition.events ?? {};
    for (const event of [...produces, ...consumes]) registry.register(event);
  }
  return registry;
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

function rulesOf(
  plugins: readonly Plugin[],
  topics: Readonly<Record<string, TopicSpec>>,
): PlatformInspection["qualityRules"] {
  const rules = plugins.flatMap(({ name, definition }) =>
    (definition.qualityRules ?? []).map((rule) => ({ ...rule, plugin: name })),
  );
  const names = new Set<string>();
  for (const { name, topic, plugin } of rules) {
    const problem = !/^[a-z][a-z0-9-]*$/.test(name)
      ? "has a name that is not lower-case letters, digits and dashes"
      : names.has(name)
        ? "has the name of another"
        : topics[topic] === undefined
          ? `watches topic "${topic}", which no plugin declares`
          : undefined;
    if (problem !== undefined)
      throw new EcapError(
        "ECAP_PLUGIN_INVALID",
        `quality rule "${name}" of plugin "${plugin}" ${problem}`,
      );
    names.add(name);
  }
  return rules;
}

function categoriesOf(plugins: readonly Plugin[]): PlatformInspection["categoryFields"] {
  const found: Record<string, readonly string[]> = {};
  for (const { definition } of plugins) {
    for (const [topic, fields] of Object.entries(definition.categoryFields ?? {}))
      found[topic] = [...new Set([...(found[topic] ?? []), ...fields])];
  }
  return found;
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
