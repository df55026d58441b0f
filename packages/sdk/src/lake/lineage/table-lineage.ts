import type { Column, TableCommit, TableStore } from "../../ports/table-store.ts";
import { derivedId } from "../../streams/derived-id.ts";
import {
  type Facets,
  facet,
  type LineageDataset,
  type LineageEvent,
  producer,
  runEventSchema,
} from "./open-lineage.ts";

export type { LineageEvent } from "./open-lineage.ts";

export interface LineageRequest {
  readonly namespace?: string;
  /** Versions, each of which is two events. Default 100. */
  readonly limit?: number;
  readonly before?: number;
}

/**
 * The versions of a table, each as the run that made it: its beginning and its end, the newest version first. What a commit does not say is not guessed: a
 * run of another program has its operation for a name and no inputs but the version it read.
 */
export async function tableLineage(
  tableStore: TableStore,
  table: string,
  { namespace = "ecap", limit = 100, before }: LineageRequest,
): Promise<readonly LineageEvent[]> {
  const commits = await tableStore.history(table, {
    limit,
    ...(before !== undefined && { before }),
  });
  const newest = await tableStore.snapshot(table);
  return commits.flatMap((commit) => {
    // The columns of older versions are not looked up.
    const columns = commit.version === newest.version ? newest.schema.columns : undefined;
    return runOf(commit, { namespace, table, columns });
  });
}

interface Place {
  readonly namespace: string;
  readonly table: string;
  readonly columns: readonly Column[] | undefined;
}

function runOf(commit: TableCommit, place: Place): readonly [LineageEvent, LineageEvent] {
  const { namespace, table, columns } = place;
  const { info, operation, version, timestamp } = commit;
  const shared = {
    eventTime: new Date(timestamp).toISOString(),
    producer,
    schemaURL: runEventSchema,
    job: {
      namespace,
      name: typeof info["job"] === "string" ? info["job"] : operation.toLowerCase(),
      facets: {
        jobType: facet("JobTypeJobFacet", {
          processingType: "BATCH",
          integration: "ECAP",
          jobType: operation,
        }),
      },
    },
    inputs: inputsOf(commit, place),
  };
  const run = { runId: derivedId("lineage", namespace, table, version, timestamp) };
  const output: LineageDataset = {
    namespace,
    name: table,
    facets: outputFacets(commit, columns),
  };
  const { added } = commit;
  const statistics = added && {
    outputStatistics: facet("OutputStatisticsOutputDatasetFacet", {
      ...(added.rows !== undefined && { rowCount: added.rows }),
      size: added.bytes,
      fileCount: added.files,
    }),
  };
  return [
    { ...shared, eventType: "START", run, outputs: [{ namespace, name: table }] },
    {
      ...shared,
      eventType: "COMPLETE",
      run: { ...run, facets: engineFacets(commit) },
      outputs: [{ ...output, ...(statistics && { outputFacets: statistics }) }],
    },
  ];
}

/** What the commit says it was made of: offsets of a topic, versions of tables, and the version of the table itself where it looked at it. */
function inputsOf({ info }: TableCommit, { namespace, table }: Place): readonly LineageDataset[] {
  const topic = info["topic"];
  const tables = Object.entries(isRecord(info["inputs"]) ? info["inputs"] : {});
  const readsItself =
    info["isBlindAppend"] !== true &&
    topic === undefined &&
    typeof info["readVersion"] === "number";
  return [
    ...(typeof topic === "string"
      ? [{ namespace, name: topic, facets: { version: offsetsFacet(info) } }]
      : []),
    ...[...tables, ...(readsItself ? [[table, info["readVersion"]] as const] : [])].map(
      ([name, version]) => ({
        namespace,
        name,
        facets: {
          version: facet("DatasetVersionDatasetFacet", { datasetVersion: String(version) }),
          storage: deltaStorage(),
        },
      }),
    ),
  ];
}

/** The records of a topic as its version: `partition:from-to`, the last without. The facet allows for fields beside. */
function offsetsFacet(info: TableCommit["info"]): Facets[string] {
  const from = isRecord(info["from"]) ? info["from"] : {};
  const offsets = Object.entries(isRecord(info["offsets"]) ? info["offsets"] : {})
    .filter(([partition]) => partition in from)
    .map(([partition, to]) => ({
      partition: Number(partition),
      from: Number(from[partition]),
      to: Number(to),
    }));
  const datasetVersion = offsets
    .map(({ partition, from: first, to }) => `${partition}:${first}-${to}`)
    .join(" ");
  return facet("DatasetVersionDatasetFacet", { datasetVersion, offsets });
}

/** What operations do to a table beside its rows. */
const lifecycle: Readonly<Record<string, string>> = {
  "CREATE TABLE": "CREATE",
  "CREATE TABLE AS SELECT": "CREATE",
  "ADD COLUMNS": "ALTER",
  "CHANGE COLUMN": "ALTER",
  "RENAME COLUMN": "ALTER",
  "DROP COLUMNS": "ALTER",
  RESTORE: "OVERWRITE",
};

function outputFacets(
  { version, operation }: TableCommit,
  columns: readonly Column[] | undefined,
): Facets {
  const change = lifecycle[operation];
  return {
    version: facet("DatasetVersionDatasetFacet", { datasetVersion: String(version) }),
    storage: deltaStorage(),
    ...(change && {
      lifecycleStateChange: facet("LifecycleStateChangeDatasetFacet", {
        lifecycleStateChange: change,
      }),
    }),
    ...(columns && {
      schema: facet("SchemaDatasetFacet", {
        fields: columns.map(({ name, type, description }, i) => ({
          name,
          type: typeof type === "string" ? type : type.type,
          ...(description !== undefined && { description }),
          ordinal_position: i + 1,
        })),
      }),
    }),
  };
}

function engineFacets({ info }: TableCommit): Facets {
  const name = typeof info["engineInfo"] === "string" ? info["engineInfo"] : "unknown";
  const [engine = name, version = "unknown"] = name.split("/");
  return { processing_engine: facet("ProcessingEngineRunFacet", { name: engine, version }) };
}

function deltaStorage(): Facets[string] {
  return facet("StorageDatasetFacet", { storageLayer: "delta", fileFormat: "parquet" });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
