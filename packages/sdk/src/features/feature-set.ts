import { EcapError } from "../errors/ecap-error.ts";
import type { Contribution, StateStore, WindowSpec } from "../ports/state-store.ts";
import type { FeatureDefinition, FeatureValues } from "./feature.ts";

export interface Occurrence<Subject> {
  readonly tenant: string;
  /** Id of the event: contributing twice changes nothing. */
  readonly id: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly subject: Subject;
}

export interface FeatureSet<Subject> {
  readonly features: ReadonlyArray<FeatureDefinition<Subject>>;
  /** Adds the occurrence to the windows of every entity it has and resolves all feature values as of it: one atomic step an entity, all at once. */
  contribute(store: StateStore, occurrence: Occurrence<Subject>): Promise<FeatureValues>;
}

/** Features that are contributed and read together; `name` is part of their state's keys. */
export function defineFeatures<Subject>(
  name: string,
  features: ReadonlyArray<FeatureDefinition<Subject>>,
): FeatureSet<Subject> {
  const byEntity = groupByEntity(features);
  const entities = [...byEntity].map(([entity, own]) => {
    checkEntity(own);
    return { entity, own, windows: own.map(toWindow) };
  });

  function contribution(
    entity: (typeof entities)[number],
    { tenant, id, at, subject }: Occurrence<Subject>,
  ): Contribution | undefined {
    const key = entity.own[0]?.key(subject);
    if (key === undefined) return undefined;
    return {
      key: `features/${name}/${tenant}/${entity.entity}/${key}`,
      id,
      at,
      windows: entity.windows,
      values: entity.own.map((feature) => valueOf(feature, subject)),
    };
  }

  return {
    features,
    async contribute(store, occurrence) {
      const values: Record<string, number> = {};
      await Promise.all(
        entities.map(async (entity) => {
          const contributed = contribution(entity, occurrence);
          const totals =
            contributed === undefined ? undefined : await store.contribute(contributed);
          entity.own.forEach((feature, index) => {
            const read = feature.includes === "before" ? totals?.before : totals?.after;
            values[feature.name] = read?.[index] ?? feature.missing ?? 0;
          });
        }),
      );
      return values;
    },
  };
}

function toWindow<Subject>({
  name,
  windowMs,
  bucketMs = windowMs / 12,
  aggregate,
}: FeatureDefinition<Subject>): WindowSpec {
  return { name, windowMs, bucketMs, aggregate };
}

function valueOf<Subject>(
  feature: FeatureDefinition<Subject>,
  subject: Subject,
): number | string | undefined {
  if (feature.filter?.(subject) === false) return undefined;
  return feature.value === undefined ? 1 : feature.value(subject);
}

function groupByEntity<Subject>(
  features: ReadonlyArray<FeatureDefinition<Subject>>,
): Map<string, Array<FeatureDefinition<Subject>>> {
  const groups = new Map<string, Array<FeatureDefinition<Subject>>>();
  for (const feature of features)
    groups.set(feature.entity, [...(groups.get(feature.entity) ?? []), feature]);
  return groups;
}

/** Features of one entity share its state, so their names must differ and their key must be one. */
function checkEntity<Subject>(own: ReadonlyArray<FeatureDefinition<Subject>>): void {
  const names = new Set(own.map(({ name }) => name));
  if (names.size < own.length)
    throw new EcapError(
      "ECAP_PLUGIN_INVALID",
      `two features of the entity "${own[0]?.entity}" have one name`,
    );
  if (own.some(({ key }) => key !== own[0]?.key))
    throw new EcapError(
      "ECAP_PLUGIN_INVALID",
      `features of the entity "${own[0]?.entity}" have different key functions`,
    );
}
