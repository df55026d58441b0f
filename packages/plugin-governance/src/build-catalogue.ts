import { type PlatformInspection, schemaName } from "@ecap/sdk";
import type { Asset } from "./contract.ts";

/** The catalogue as it follows from the platform itself; nobody has to fill it in. */
export function buildCatalogue({
  events,
  topics,
  tables,
  metrics,
  models,
  plan,
}: PlatformInspection): readonly Asset[] {
  return [
    ...events.map((event): Asset => {
      const { type, version, topic, description, aliases = [] } = event;
      return {
        kind: "event",
        name: schemaName({ type, version }),
        description,
        details: { topic, aliases },
      };
    }),
    ...Object.entries(topics).map(
      ([name, spec]): Asset => ({
        kind: "topic",
        name,
        description: `Events in ${spec.partitions} partitions`,
        details: { ...spec },
      }),
    ),
    ...tables.map((table): Asset => {
      const { name, description, columns, from } = table;
      return { kind: "table", name, description, details: { columns, from } };
    }),
    ...metrics.map(
      ({ name, version, description, unit }): Asset => ({
        kind: "metric",
        name,
        description,
        details: { version, unit },
      }),
    ),
    ...models.map(
      ({ name, version, description, features, plugin }): Asset => ({
        kind: "model",
        name,
        description,
        details: { version, features, plugin },
      }),
    ),
    ...plan.plugins.map(
      ({ name, version, ...rest }): Asset => ({
        kind: "plugin",
        name,
        description: `Plugin ${name} ${version}`,
        details: { version, ...rest },
      }),
    ),
  ];
}

export function searchAssets(
  assets: readonly Asset[],
  search: { readonly kind?: Asset["kind"]; readonly text?: string } = {},
): readonly Asset[] {
  const words = (search.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return assets.filter(({ kind, name, description }) => {
    if (search.kind !== undefined && kind !== search.kind) return false;
    const text = `${name} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
