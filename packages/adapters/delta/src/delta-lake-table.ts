import {
  type AppendOptions,
  type Clock,
  type Column,
  type FileEngine,
  type Logger,
  type ObjectStore,
  type ResultRow,
  type RowConstraint,
  silentLogger,
  systemClock,
  type TableCommit,
  type TableSchema,
  type TableSnapshot,
} from "@ecap/sdk";
import { type ChangesOptions, readChanges } from "./changes/read-changes.ts";
import type { RowSource } from "./files/row-source.ts";
import {
  addColumns,
  dropCheck,
  dropColumn,
  dropNotNull,
  renameColumn,
  setProperties,
  widenColumn,
} from "./operations/alter.ts";
import { addConstraint, alterTable } from "./operations/alter-table.ts";
import { type ConvertOptions, convertParquet } from "./operations/convert-parquet.ts";
import { type CreateOptions, createTable } from "./operations/create-table.ts";
import { type DeleteOptions, deleteRows } from "./operations/delete-rows.ts";
import { type MergeOptions, merge } from "./operations/merge.ts";
import { type OptimizeOptions, optimize } from "./operations/optimize.ts";
import type { OperationOptions, Outcome } from "./operations/outcome.ts";
import { type OverwriteOptions, overwrite } from "./operations/overwrite.ts";
import { type RestoreOptions, restore } from "./operations/restore.ts";
import { type UpdateOptions, updateRows } from "./operations/update-rows.ts";
import { type VacuumOptions, type VacuumReport, vacuum } from "./operations/vacuum.ts";
import { parquetCodec } from "./parquet/parquet-codec.ts";
import { deltaTable } from "./table/delta-table.ts";
import { type TableContext, tableContext } from "./table/table-context.ts";
import type { HistoryOptions } from "./table/table-history.ts";

/**
 * Every operation on one Delta table. Each is one commit, seen whole or not at all.
 *
 * An operation sees the version that is newest when it begins. Where others commit before it does, it is committed after them, or it is
 * ECAP_TABLE_CONFLICT with the protocol's name of the conflict as `received`, and has changed nothing: it may be repeated.
 * A row that breaks NOT NULL or a constraint is ECAP_TABLE_SCHEMA, and nothing is written.
 */
export interface DeltaLakeTable {
  create(schema: TableSchema, options?: CreateOptions): Promise<Outcome>;
  /** Makes a table of the Parquet files that its folder holds; see `convertParquet`. */
  convert(options?: ConvertOptions): Promise<Outcome>;
  /** As of TableStore. */
  append(rows: RowSource, options?: AppendOptions): Promise<number | undefined>;
  overwrite(rows: RowSource, options?: OverwriteOptions): Promise<Outcome>;
  delete(options?: DeleteOptions): Promise<Outcome>;
  update(options: UpdateOptions): Promise<Outcome>;
  merge(options: MergeOptions): Promise<Outcome>;
  optimize(options?: OptimizeOptions): Promise<Outcome>;
  vacuum(options?: VacuumOptions): Promise<VacuumReport>;
  restore(options: RestoreOptions): Promise<Outcome>;

  addColumns(columns: readonly Column[], options?: OperationOptions): Promise<Outcome>;
  /** Gives a column a wider type, as `long` for an `integer`. */
  widenColumn(column: string, type: string, options?: OperationOptions): Promise<Outcome>;
  renameColumn(column: string, name: string, options?: OperationOptions): Promise<Outcome>;
  dropColumn(column: string, options?: OperationOptions): Promise<Outcome>;
  dropNotNull(column: string, options?: OperationOptions): Promise<Outcome>;
  /** Adds a CHECK constraint; every row that is there must satisfy it. */
  addConstraint(constraint: RowConstraint, options?: OperationOptions): Promise<Outcome>;
  dropConstraint(name: string, options?: OperationOptions): Promise<Outcome>;
  /** Sets properties of the table; null removes one. */
  setProperties(
    properties: Readonly<Record<string, string | null>>,
    options?: OperationOptions,
  ): Promise<Outcome>;

  /** The newest version, the named one, or the last one at or before `at` (epoch milliseconds). */
  snapshot(when?: { readonly version?: number; readonly at?: number }): Promise<TableSnapshot>;
  /** How rows changed from one version to another, both included; see `readChanges`. */
  changes(options: ChangesOptions): AsyncIterable<readonly ResultRow[]>;
  /** Newest first. */
  history(options?: HistoryOptions): Promise<readonly TableCommit[]>;
  /** Ends the encoding threads. */
  close(): Promise<void>;
}

export interface OpenDeltaTableOptions {
  readonly objects: ObjectStore;
  /** Key prefix of the table, ending in `/`. Default: the store holds the table and nothing else. */
  readonly root?: string;
  /** Key prefix of the table's archive, where it may have one. Snapshots and `restore` take it in; what changes rows sees the table's own part. */
  readonly archiveRoot?: string;
  /** What errors call the table. */
  readonly name: string;
  /** What looks at rows: needed for all but create, append and whole overwrites of rows in an array, vacuum, restore and changes of columns. */
  readonly engine?: FileEngine;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** A checkpoint is written every so many versions, where the table does not say. Default 10. */
  readonly checkpointInterval?: number;
  /** Threads that encode Parquet. Default 1. */
  readonly threads?: number;
}

const idleMs = 30_000;

/** The table in a folder, which need not be there yet. Nothing is read before the first operation. */
export function openDeltaTable(options: OpenDeltaTableOptions): DeltaLakeTable {
  const { objects, root = "", name, engine, clock = systemClock, logger = silentLogger } = options;
  const { checkpointInterval = 10, threads = 1, archiveRoot } = options;
  const codec = parquetCodec({ threads, idleMs });
  const table = tableContext({
    name,
    root,
    archiveRoot,
    objects,
    codec,
    engine,
    clock,
    logger,
    checkpointInterval,
  });
  return { ...deltaLakeTable(table), close: () => codec.close() };
}

/** The operations on a table that is open. */
export function deltaLakeTable(table: TableContext): Omit<DeltaLakeTable, "close"> {
  const basic = deltaTable(table);
  return {
    create: (schema, options = {}) => createTable(table, schema, options),
    convert: (options = {}) => convertParquet(table, options),
    append: (rows, options = {}) => basic.append(rows, options),
    overwrite: (rows, options = {}) => overwrite(table, rows, options),
    delete: (options = {}) => deleteRows(table, options),
    update: (options) => updateRows(table, options),
    merge: (options) => merge(table, options),
    optimize: (options = {}) => optimize(table, options),
    vacuum: (options = {}) => vacuum(table, options),
    restore: (options) => restore(table, options),
    addColumns: (columns, options = {}) =>
      alterTable(table, "ADD COLUMNS", addColumns(columns), options),
    widenColumn: (column, type, options = {}) =>
      alterTable(table, "CHANGE COLUMN", widenColumn(column, type), options),
    renameColumn: (column, name, options = {}) =>
      alterTable(table, "RENAME COLUMN", renameColumn(column, name), options),
    dropColumn: (column, options = {}) =>
      alterTable(table, "DROP COLUMNS", dropColumn(column), options),
    dropNotNull: (column, options = {}) =>
      alterTable(table, "CHANGE COLUMN", dropNotNull(column), options),
    addConstraint: (constraint, options = {}) => addConstraint(table, constraint, options),
    dropConstraint: (name, options = {}) =>
      alterTable(table, "DROP CONSTRAINT", dropCheck(name), options),
    setProperties: async (properties, options = {}) =>
      alterTable(table, "SET TBLPROPERTIES", setProperties(properties), options),
    changes: (options) => readChanges(table, options),
    snapshot: (when = {}) => basic.snapshot(when),
    history: (options = {}) => basic.history(options),
  };
}
