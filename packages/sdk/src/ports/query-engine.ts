/** A value as a query gives it: decimals and integers past 2^53 as exact strings, dates as "YYYY-MM-DD", timestamps as ISO 8601 UTC. */
export type ResultCell =
  | string
  | number
  | boolean
  | null
  | readonly ResultCell[]
  | { readonly [field: string]: ResultCell };
export type ResultRow = Readonly<Record<string, ResultCell>>;

export interface Query {
  /** One statement with `$1`, `$2`, … for `parameters`. Lake tables are named as they are. */
  readonly sql: string;
  readonly parameters?: readonly unknown[];
  /** Rows of other tenants do not exist for the query. */
  readonly tenant: string;
  /** Lake tables the query reads, each at its newest version unless one is named. A table that does not exist yet reads as empty where its schema is given by `ensure`d tables; otherwise ECAP_TABLE_NOT_FOUND. */
  readonly tables: Readonly<Record<string, { readonly version?: number; readonly at?: number }>>;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Past this many rows the query fails with ECAP_QUERY_INVALID. Default 100,000. */
  readonly maxRows?: number;
  readonly signal?: AbortSignal;
}

export interface QueryResult {
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  readonly rows: readonly ResultRow[];
  /** The table versions the rows were read from. */
  readonly versions: Readonly<Record<string, number>>;
  /** Epoch milliseconds of the newest commit read: the answer holds nothing that reached the tables later. */
  readonly asOf: number;
}

/** SQL over table snapshots. One query sees one version of each table. The event loop is never blocked by a query. */
export interface QueryEngine {
  /** The dialect its SQL is written in, for `@ecap/sdk/sql` to compile to. */
  readonly dialect: "duckdb" | "spark";
  query(query: Query): Promise<QueryResult>;
}
