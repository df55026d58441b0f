import { EcapError } from "../../errors/ecap-error.ts";
import type { Job } from "../../plugin/job.ts";
import { bronzeTableName } from "../bronze-table.ts";
import type { LakeTable, TableRetention } from "../lake-table.ts";
import type { OpenLineageOptions } from "../lineage/open-lineage-options.ts";

/** What a byte costs: a month of 2^30 bytes, by tier. */
export interface StoragePrices {
  /** ISO 4217. */
  readonly currency: string;
  readonly hotPerGbMonth: number;
  readonly archivePerGbMonth: number;
}

export interface LakeOptions {
  /**
   * How long tables keep their rows, by table, bronze ones among them, as in `{ orders: { keepDays: 400, archiveAfterDays: 90 } }`; what is left out is
   * as the table declares it, and `Infinity` keeps everything. Default: everything is kept where it is.
   */
  readonly retention?: Readonly<Record<string, TableRetention>>;
  /** When tables are compacted. Default: every hour. */
  readonly compaction?: Job["schedule"];
  /** When partitions are archived and deleted by their age, and files no version needs are removed. Default: daily at 03:20 UTC. */
  readonly retirement?: Job["schedule"];
  /** Partitions with fewer small files are not compacted. Default 8. */
  readonly minSmallFiles?: number;
  /** Files are brought to about this size. Default 128 MiB. */
  readonly targetFileBytes?: number;
  /** Default: none, so that storage is told without its cost. */
  readonly prices?: StoragePrices;
  /** Where the lineage of table versions is told. Default: nowhere. */
  readonly lineage?: OpenLineageOptions;
}

/** The retention of each table that has one, checked; ECAP_CONFIG_INVALID of a table there is not and of days that make no sense. */
export function planRetention(
  { tables, topics }: { readonly tables: readonly LakeTable[]; readonly topics: readonly string[] },
  settings: Readonly<Record<string, TableRetention>> = {},
): ReadonlyMap<string, TableRetention> {
  const declared = new Map<string, TableRetention>([
    ...topics.map((topic) => [bronzeTableName(topic), {}] as const),
    ...tables.map((table) => [table.name, table.retention ?? {}] as const),
  ]);
  const unknown = Object.keys(settings).find((name) => !declared.has(name));
  if (unknown !== undefined)
    throw invalid(`there is no table "${unknown}" to set anything of`, unknown);
  const planned = [...declared].map(
    ([name, own]) => [name, limits(name, { ...own, ...settings[name] })] as const,
  );
  return new Map(planned.filter(([, retention]) => Object.keys(retention).length > 0));
}

function limits(table: string, retention: TableRetention): TableRetention {
  for (const [name, days] of Object.entries(retention)) {
    if (typeof days === "number" && days >= 1) continue;
    throw invalid(`${name} of "${table}" must be 1 or more`, `${table}.${name}`, days);
  }
  const { keepDays = Number.POSITIVE_INFINITY, archiveAfterDays = Number.POSITIVE_INFINITY } =
    retention;
  if (archiveAfterDays >= keepDays && Number.isFinite(archiveAfterDays))
    throw invalid(
      `"${table}" is to be archived after ${archiveAfterDays} days and kept for ${keepDays}`,
      `${table}.archiveAfterDays`,
      archiveAfterDays,
    );
  return {
    ...(Number.isFinite(keepDays) && { keepDays }),
    ...(Number.isFinite(archiveAfterDays) && { archiveAfterDays }),
  };
}

function invalid(message: string, path: string, received?: unknown): EcapError {
  return new EcapError("ECAP_CONFIG_INVALID", `lake.retention: ${message}`, {
    path: `lake.retention.${path}`,
    ...(received !== undefined && { received }),
  });
}
