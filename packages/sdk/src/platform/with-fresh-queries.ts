import type { RecordDecoder } from "../events/record-codec.ts";
import { freshQueryEngine } from "../lake/fresh-query-engine.ts";
import type { FreshReads } from "../lake/fresh-reads.ts";
import type { LakeTable } from "../lake/lake-table.ts";
import type { TailLimits } from "../lake/topic-tail.ts";
import type { PortTable } from "./merge-adapters.ts";

export interface FreshQueryOptions {
  readonly topics: readonly string[];
  readonly tables: readonly LakeTable[];
  readonly decode: RecordDecoder;
  readonly limits: Partial<TailLimits> | undefined;
}

/** The ports with a query engine that knows the log, where there are both and tables that the log is written to. */
export function withFreshQueries(ports: PortTable, options: FreshQueryOptions): PortTable {
  const { queryEngine: engine, eventLog, tableStore, clock, logger } = ports.present;
  if (!engine || !eventLog || !tableStore || !clock || !logger) return ports;
  let reads: Promise<FreshReads> | undefined;
  const { limits = {} } = options;
  const open = async (): Promise<FreshReads> => {
    const { freshReads } = await import("../lake/fresh-reads.ts");
    return freshReads({ ...options, limits, eventLog, tableStore, clock });
  };
  return ports.with({
    queryEngine: freshQueryEngine({ engine, logger, reads: () => (reads ??= open()) }),
  });
}
