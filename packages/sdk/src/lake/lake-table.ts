import type { EventEnvelope } from "../events/envelope.ts";
import type { Row, TableSchema } from "../ports/table-store.ts";

/** How long a table keeps its rows, in days of the UTC date of their partition; whole partitions go. */
export interface TableRetention {
  /** Rows older than this are deleted, in the archive too. */
  readonly keepDays?: number;
  /** Rows older than this are moved to the archive, from where they are still read. */
  readonly archiveAfterDays?: number;
}

/** A lake table and how events become its rows. */
export interface LakeTable {
  readonly name: string;
  readonly description: string;
  /** The least role that may name it, and the raw events it comes from, in SQL of its own. Default: analyst. */
  readonly readableBy?: "analyst" | "admin";
  /** Columns of its own; those of {@link lineageColumns} are put before them. Partitioned by tenant and date. */
  readonly columns: TableSchema["columns"];
  /** Default: every row is kept where it is. A deployment may say otherwise. */
  readonly retention?: TableRetention;
  /** Topics and event types its rows come from. */
  readonly from: ReadonlyArray<{ readonly topic: string; readonly types: readonly string[] }>;
  /** The rows of one event, without the lineage columns. Pure: the same event gives the same rows. A row may set `event_time` (epoch ms) where a part of an
   * event happened at a time of its own. */
  rows(event: EventEnvelope): readonly Row[];
}

/** What every lake row carries: where it came from, so that lineage, erasure and replay need no other bookkeeping. */
export const lineageColumns: TableSchema["columns"] = [
  { name: "tenant", type: "string", nullable: false },
  { name: "date", type: "date", nullable: false, description: "UTC date of event_time" },
  { name: "event_id", type: "string", nullable: false },
  { name: "event_time", type: "timestamp", nullable: false },
  { name: "arrival_time", type: "timestamp", nullable: false },
  { name: "topic", type: "string", nullable: false },
  { name: "partition", type: "integer", nullable: false },
  { name: "offset", type: "long", nullable: false },
];

export function defineLakeTable(table: LakeTable): LakeTable {
  return table;
}

/** The event types of the topic that the table's rows come from. */
export function typesFrom({ from }: LakeTable, topic: string): ReadonlySet<string> {
  return new Set(from.filter((source) => source.topic === topic).flatMap(({ types }) => types));
}

export function lakeTableSchema(table: LakeTable): TableSchema {
  return { columns: [...lineageColumns, ...table.columns], partitionBy: ["tenant", "date"] };
}
