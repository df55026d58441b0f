import type { Contribution, StateStore, WindowTotals } from "../ports/state-store.ts";
import { checkFeatures } from "./check-features.ts";
import { compileEntity, type EntityPlan } from "./entity-plan.ts";
import {
  type FeatureDefinition,
  type FeatureValues,
  isWindowFeature,
  type Occurrence,
  type WindowFeature,
} from "./feature.ts";
import { fingerprintOf } from "./window-parts.ts";

export interface FeatureSet<Subject> {
  readonly name: string;
  /** Changes with every definition but for what its functions do, which is why whoever changes one raises the version given. */
  readonly version: string;
  readonly features: ReadonlyArray<FeatureDefinition<Subject>>;
  /** Adds the occurrence to the windows of every entity it has and resolves all feature values as of it: one atomic step an entity, all at once. */
  contribute(store: StateStore, occurrence: Occurrence<Subject>): Promise<FeatureValues>;
  /** What the occurrence contributes to each kind of entity; undefined to those it has none of. */
  contributions(occurrence: Occurrence<Subject>): ReadonlyArray<Contribution | undefined>;
  /** The values as of the occurrence, from what a store answered to its contributions. */
  values(
    occurrence: Occurrence<Subject>,
    totals: ReadonlyArray<WindowTotals | undefined>,
  ): FeatureValues;
}

/** Features that are contributed and read together; `name` is part of their state's keys. */
export function defineFeatures<Subject>(
  name: string,
  features: ReadonlyArray<FeatureDefinition<Subject>>,
  { version = "1" }: { readonly version?: string } = {},
): FeatureSet<Subject> {
  checkFeatures(name, features);
  const entities = [...groupByEntity(features)].map(([entity, own]) => compileEntity(entity, own));
  const readers = features.map((feature) => readerOf(feature, entities));

  function contributions(occurrence: Occurrence<Subject>): Array<Contribution | undefined> {
    const { tenant, id, at, subject } = occurrence;
    return entities.map(({ entity, keyOf, windows, valuesOf }) => {
      const key = keyOf(subject);
      if (key === undefined) return undefined;
      return {
        key: `features/${name}/${tenant}/${entity}/${key}`,
        id,
        at,
        windows,
        values: valuesOf(occurrence),
      };
    });
  }

  function values(
    occurrence: Occurrence<Subject>,
    totals: ReadonlyArray<WindowTotals | undefined>,
  ): FeatureValues {
    const found: Record<string, number> = {};
    for (const { feature, missing, read } of readers) {
      const value = read(occurrence, totals, found);
      found[feature] = value !== undefined && Number.isFinite(value) ? value : missing;
    }
    return found;
  }

  return {
    name,
    version: `${version}-${fingerprintOf(features)}`,
    features,
    contributions,
    values,
    async contribute(store, occurrence) {
      const totals = await Promise.all(
        contributions(occurrence).map((each) =>
          each === undefined ? Promise.resolve(undefined) : store.contribute(each),
        ),
      );
      return values(occurrence, totals);
    },
  };
}

interface Reader<Subject> {
  readonly feature: string;
  readonly missing: number;
  readonly read: (
    occurrence: Occurrence<Subject>,
    totals: ReadonlyArray<WindowTotals | undefined>,
    found: FeatureValues,
  ) => number | undefined;
}

function readerOf<Subject>(
  feature: FeatureDefinition<Subject>,
  entities: ReadonlyArray<EntityPlan<Subject>>,
): Reader<Subject> {
  const { name, missing = 0 } = feature;
  if (!isWindowFeature(feature)) {
    const { derive } = feature;
    return { feature: name, missing, read: (occurrence, _, found) => derive(found, occurrence) };
  }
  const place = entities.findIndex(({ entity }) => entity === feature.entity);
  const read = entities[place]?.readers.get(name);
  return {
    feature: name,
    missing,
    read(occurrence, totals) {
      const own = totals[place];
      return own && read?.(own, occurrence);
    },
  };
}

function groupByEntity<Subject>(
  features: ReadonlyArray<FeatureDefinition<Subject>>,
): Map<string, Array<WindowFeature<Subject>>> {
  const groups = new Map<string, Array<WindowFeature<Subject>>>();
  for (const feature of features.filter(isWindowFeature)) {
    const group = groups.get(feature.entity);
    if (group === undefined) groups.set(feature.entity, [feature]);
    else group.push(feature);
  }
  return groups;
}
