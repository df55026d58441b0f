import { sdkVersion } from "../../sdk-version.ts";

/**
 * The part of OpenLineage 2-0-2 that is used.
 *
 * @see https://openlineage.io/spec/2-0-2/OpenLineage.json
 */
export interface LineageEvent {
  readonly eventType: "START" | "COMPLETE";
  /** ISO 8601. */
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets?: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
}

export interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
  readonly outputFacets?: Facets;
}

export type Facets = Readonly<Record<string, Facet>>;

export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [field: string]: unknown;
}

/** Names the code that tells; a URI, as the specification wants. */
export const producer = `urn:ecap:sdk:${sdkVersion}`;
export const runEventSchema = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/** Versions of the facets' schemas. */
const facetVersions = {
  DatasetVersionDatasetFacet: "1-0-1",
  JobTypeJobFacet: "2-0-4",
  LifecycleStateChangeDatasetFacet: "1-0-1",
  OutputStatisticsOutputDatasetFacet: "1-0-2",
  ProcessingEngineRunFacet: "1-1-1",
  SchemaDatasetFacet: "1-2-0",
  StorageDatasetFacet: "1-0-1",
} as const;

/** A facet of a kind the specification knows. */
export function facet(
  kind: keyof typeof facetVersions,
  fields: Readonly<Record<string, unknown>>,
): Facet {
  const schema = `https://openlineage.io/spec/facets/${facetVersions[kind]}/${kind}.json#/$defs/${kind}`;
  return { _producer: producer, _schemaURL: schema, ...fields };
}
