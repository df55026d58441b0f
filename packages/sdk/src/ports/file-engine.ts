import type { LocalObject } from "./object-store.ts";
import type { ResultRow } from "./query-engine.ts";
import type { Column, TableFile } from "./table-store.ts";

/**
 * Files whose rows SQL reads under one name. Columns that a file lacks are NULL, deleted rows are left out.
 * Beside its columns a row has `#file`, the index of its file, and `#row`, its index in that file.
 */
export interface FileInput {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Names of columns whose values the log keeps, not the files. */
  readonly partitionBy: readonly string[];
  readonly files: readonly TableFile[];
  /** Files that the engine holds, read after `files`. */
  readonly held?: HeldFiles;
}

/** Parquet files that an engine keeps outside memory until they are released. */
export interface HeldFiles {
  /** Where they are, for the engine that holds them. */
  readonly paths: readonly string[];
  release(): Promise<void>;
}

export interface RowConstraint {
  readonly name: string;
  /** SQL over the columns of a row; the row is refused unless it is true. */
  readonly condition: string;
}

export interface FileColumn extends Column {
  /** Its field id in data files, where the table numbers its columns. */
  readonly id?: number;
}

export interface FileOutput {
  /** Columns of the query's result, each converted to its type and written under its physical name. */
  readonly columns: readonly FileColumn[];
  /** Names of columns that go into partition values instead of the files. */
  readonly partitionBy: readonly string[];
  readonly constraints: readonly RowConstraint[];
  /** A column of the result that is not written: rows with another value of it go to another file. */
  readonly splitBy?: string;
}

/** What a column of a written file holds; texts as the engine prints them, absent where it cannot tell. */
export interface ColumnStatistics {
  readonly min?: string;
  readonly max?: string;
  readonly nullCount?: number;
}

export interface WrittenFile {
  readonly rows: number;
  /** Values by physical name, as the log keeps them. */
  readonly partition: Readonly<Record<string, string | null>>;
  /** By physical name. */
  readonly statistics: ReadonlyMap<string, ColumnStatistics>;
  /** The extension that tells the compression, as in `zstd.parquet`. */
  readonly extension: string;
  /** The file; it can be read until the next one is asked for. */
  bytes(): Promise<Uint8Array>;
}

/** What a condition says about single columns, for leaving out files; what it cannot say is `other`. */
export type RowCondition =
  | { readonly kind: "and" | "or"; readonly parts: readonly RowCondition[] }
  | {
      readonly kind: "compare";
      readonly operator: "=" | "<" | "<=" | ">" | ">=";
      /** One name, or the input's name and the column's. */
      readonly column: readonly string[];
      readonly value: string | number | boolean;
    }
  | { readonly kind: "null" | "not-null"; readonly column: readonly string[] }
  | { readonly kind: "other" };

/**
 * SQL over Parquet files, for operations that look at rows: what a query engine lends to a table.
 *
 * A query is one SELECT over the inputs; it reaches nothing else. What it cannot run is ECAP_QUERY_INVALID.
 */
export interface FileEngine {
  /**
   * The columns that Parquet files hold, all of them nullable, in the order they first appear. A column of two types is ECAP_TABLE_SCHEMA, one of a
   * type that tables do not have ECAP_TABLE_UNSUPPORTED.
   */
  describe(files: readonly LocalObject[]): Promise<readonly Column[]>;
  /** Checks that the text is one expression, and tells what it says about single columns. */
  condition(expression: string): Promise<RowCondition>;
  /** Keeps Parquet files for queries, each taken when the one before is stored. */
  hold(parquet: AsyncIterable<Uint8Array>): Promise<HeldFiles>;
  /** The rows of a query that gives few. Whole numbers are numbers. */
  query(
    sql: string,
    inputs: readonly FileInput[],
  ): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>;
  /** The rows of a query however many they are, some thousands at a time. */
  rows(sql: string, inputs: readonly FileInput[]): AsyncIterable<readonly ResultRow[]>;
  /**
   * Writes the rows of a query as Parquet files, each of one partition; none where there are no rows.
   * A row that breaks a constraint is ECAP_TABLE_SCHEMA with the constraint's name as `path`.
   */
  write(sql: string, inputs: readonly FileInput[], output: FileOutput): AsyncIterable<WrittenFile>;
}
