import type { TableMaintenance } from "./table-maintenance.ts";

/** Types of one value, by their Delta Lake names. A decimal is exact; `timestamp` is UTC and `timestamp_ntz` a wall clock, both in microseconds; `void` is always NULL. */
export type PrimitiveType =
  | "string"
  | "long"
  | "integer"
  | "short"
  | "byte"
  | "double"
  | "float"
  | "boolean"
  | "date"
  | "timestamp"
  | "timestamp_ntz"
  | "binary"
  | "void"
  | `decimal(${number},${number})`;

export interface StructType {
  readonly type: "struct";
  readonly fields: readonly Column[];
}

export interface ArrayType {
  readonly type: "array";
  readonly elementType: ColumnType;
  readonly containsNull: boolean;
}

export interface MapType {
  readonly type: "map";
  readonly keyType: ColumnType;
  readonly valueType: ColumnType;
  readonly valueContainsNull: boolean;
}

/** Nested types have the shape Delta Lake's schema gives them. */
export type ColumnType = PrimitiveType | StructType | ArrayType | MapType;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Default true. */
  readonly nullable?: boolean;
  readonly description?: string;
  /** What data files and statistics call the column, or the field of a struct, where that is not its name. */
  readonly physicalName?: string;
  /** Where given, data files hold the column under whatever name has this Parquet field id, and not where none has it. */
  readonly fieldId?: number;
}

export interface TableSchema {
  readonly columns: readonly Column[];
  /** Names of columns, in order. */
  readonly partitionBy?: readonly string[];
}

/**
 * A value by column type: string → string; long → number (safe integer) or bigint; integer, double → number; boolean → boolean;
 * date → "YYYY-MM-DD"; timestamp → epoch milliseconds as number or microseconds as bigint; decimal → exact string such as "12.30"; binary → Uint8Array.
 * null and undefined are NULL.
 */
export type Cell = string | number | bigint | boolean | Uint8Array | null | undefined;
export type Row = Readonly<Record<string, Cell>>;

/** Remembers in the table itself how far a writer has come, so that a repeated append changes nothing. */
export interface AppTransaction {
  readonly appId: string;
  readonly version: number;
  /** What the writer believes is stored, 0 for nothing. Where it is another, a second writer was here: the append is ECAP_FENCED and writes nothing. */
  readonly expected?: number;
}

export interface AppendOptions {
  /** Kept with the commit, by application. */
  readonly transactions?: readonly AppTransaction[];
  /** Said of the commit in the history: the job, its input versions and offsets. */
  readonly commitInfo?: Readonly<Record<string, unknown>>;
}

/** Rows of a data file that are no longer in the table. */
export interface DeletedRows {
  readonly count: number;
  /** Their positions in the file, from 0, ascending. ECAP_TABLE_CORRUPT where they cannot be read. */
  positions(): Promise<Iterable<number>>;
}

export interface TableFile {
  /** Object key of the data file. */
  readonly key: string;
  readonly size: number;
  /** Partition values by column as Delta writes them: strings, null for NULL. */
  readonly partition: Readonly<Record<string, string | null>>;
  /** Rows the file holds, deleted ones among them. */
  readonly rows: number | undefined;
  /** Absent where every row of the file is in the table. */
  readonly deleted?: DeletedRows;
  /** Bounds by column, as JSON values: no row is below or above, deleted rows may be what touches them. Columns without statistics are absent. */
  readonly min?: Readonly<Record<string, unknown>>;
  readonly max?: Readonly<Record<string, unknown>>;
  /** Columns the file holds for sure; it may hold more where the statistics do not tell. */
  readonly columns?: readonly string[];
}

/** A table as it stood at one version. */
export interface TableSnapshot {
  readonly table: string;
  readonly version: number;
  /** Epoch milliseconds of the commit. */
  readonly timestamp: number;
  readonly schema: TableSchema;
  readonly files: readonly TableFile[];
  /** Last version by appId. */
  readonly transactions: ReadonlyMap<string, number>;
}

/** Data files together. */
export interface FileTotals {
  readonly files: number;
  readonly bytes: number;
  /** Absent where a file's log entry does not tell. */
  readonly rows?: number;
}

export interface TableCommit {
  readonly version: number;
  readonly timestamp: number;
  readonly operation: string;
  readonly info: Readonly<Record<string, unknown>>;
  /** Files that the commit added to the table. */
  readonly added?: FileTotals;
  /** Files that it took out. */
  readonly removed?: FileTotals;
}

/**
 * Versioned tables that any Delta Lake reader can open.
 *
 * - A commit is seen whole or not at all. Concurrent appends all succeed, each with a version of its own.
 * - Of appends that expect the same stored version of an application, one succeeds.
 * - Rows that do not fit the schema are ECAP_TABLE_SCHEMA and nothing is written. A table that is not there is ECAP_TABLE_NOT_FOUND.
 */
export interface TableStore {
  /** Creates the table; one that is there must have the same partitioning, and columns new in `schema` are added to it as nullable. */
  ensure(table: string, schema: TableSchema): Promise<void>;
  /** Resolves the version written, or undefined where every one of `transactions` was already at or past its version (or there was nothing to write). */
  append(table: string, rows: readonly Row[], options?: AppendOptions): Promise<number | undefined>;
  /** The newest version, the named one, or the last one at or before `at` (epoch milliseconds). */
  snapshot(
    table: string,
    when?: { readonly version?: number; readonly at?: number },
  ): Promise<TableSnapshot>;
  /** Newest first, from the newest version or the newest one before `before`. */
  history(
    table: string,
    options?: { readonly limit?: number; readonly before?: number },
  ): Promise<readonly TableCommit[]>;
  /** Names of the tables, ascending. */
  tables(): Promise<readonly string[]>;
  /** Absent where the store looks after its tables itself. */
  readonly maintenance?: TableMaintenance;
}
