import type { Row } from "./table-store.ts";

/** A value as a query gives it: decimals and integers past 2^53 as exact strings, dates as "YYYY-MM-DD", timestamps as ISO 8601 UTC. */
export type ResultCell =
  | string
  | number
  | boolean
  | null
  | readonly ResultCell[]
  | { readonly [field: string]: ResultCell };
export type ResultRow = Readonly<Record<string, ResultCell>>;

/** How a table is read by a query. */
export interface TableRead {
  readonly version?: number;
  /** The last version at or before it, epoch milliseconds. */
  readonly at?: number;
  /** Rows read as if the table held them too; those of other tenants do not exist for the query. Kept and compared by identity, so never to be changed; cheap to give again, also with more after them. */
  readonly rows?: readonly Row[];
}

export interface Query {
  /**
   * One statement with `$1`, `$2`, … for `parameters`. Lake tables are named as they are, each also at a version or a time of its own:
   * `orders VERSION AS OF 3`, `orders TIMESTAMP AS OF '2026-01-31T10:00:00Z'` (UTC where no zone is said).
   */
  readonly sql: string;
  readonly parameters?: readonly unknown[];
  /** Rows of other tenants do not exist for the query. */
  readonly tenant: string;
  /** Lake tables the query reads, each at its newest version unless one is named. A table that does not exist yet reads as empty where its schema is given by `ensure`d tables; otherwise ECAP_TABLE_NOT_FOUND. */
  readonly tables: Readonly<Record<string, TableRead>>;
  /** Reads with each table also the events that the log holds and the table does not yet, but where `tables` says what to read. Default false: the tables alone. */
  readonly fresh?: boolean;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Past this many rows the query fails with ECAP_QUERY_INVALID. Default 100,000. */
  readonly maxRows?: number;
  readonly signal?: AbortSignal;
}

/** What an answer was read from. */
export interface QueryProvenance {
  /** The table versions, and those named in the SQL by what names them there: `orders VERSION AS OF 3`. */
  readonly versions: Readonly<Record<string, number>>;
  /**
   * Epoch milliseconds. Of a fresh answer: every event accepted before is in it. Otherwise that of the newest commit read: the answer holds
   * nothing that reached the tables later.
   */
  readonly asOf: number;
  /** What each table was read as: given as `tables` to another query, it reads the very same. */
  readonly reads: Query["tables"];
  /** Tables read without their newest events although the query is fresh: the log holds more of them than are read along, or does not answer. */
  readonly behind?: readonly string[];
}

export interface QueryResult extends QueryProvenance {
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  readonly rows: readonly ResultRow[];
}

/** A result as it is computed. It is read once, by one of its two methods, and holds its place in the engine until read to its end or left by `return`. */
export interface QueryStream extends QueryProvenance {
  readonly columns: QueryResult["columns"];
  /** A few thousand rows at a time; the next are computed when they are asked for. */
  rows(): AsyncIterableIterator<readonly ResultRow[]>;
  /** An Arrow IPC stream, a message or more at a time. @see https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format */
  arrow(): AsyncIterableIterator<Uint8Array>;
}

/** SQL over table snapshots. One query sees one version of each table. The event loop is never blocked by a query. */
export interface QueryEngine {
  /** The dialect its SQL is written in, for `@ecap/sdk/sql` to compile to. */
  readonly dialect: "duckdb" | "spark";
  query(query: Query): Promise<QueryResult>;
  /** The same for results larger than memory. `timeoutMs` and `maxRows` hold for the whole of it; what fails later than the first row fails the iteration. */
  stream?(query: Query): Promise<QueryStream>;
}
