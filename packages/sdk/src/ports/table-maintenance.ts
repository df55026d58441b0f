import type { FileTotals } from "./table-store.ts";

export interface CompactOptions {
  /** Partitions with fewer small files are left alone. Default 2. */
  readonly minFiles?: number;
  /** Files below this size are small, and are brought together into files of about this size. Default 128 MiB. */
  readonly targetBytes?: number;
  /** Bytes of files brought together at once; others are left for the next time. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Said of the commit in the history. */
  readonly commitInfo?: Readonly<Record<string, unknown>>;
  /** Only tells what it would read, of all. */
  readonly dryRun?: boolean;
}

export interface CompactReport {
  readonly removed: FileTotals;
  /** Absent of a dry run. */
  readonly added?: FileTotals;
  /** The version it made; absent where there was nothing to do, and of a dry run. */
  readonly version?: number;
}

export interface RetireOptions {
  /** The partition column of type date that tells the age of a partition. */
  readonly by: string;
  /** Partitions of earlier dates ("YYYY-MM-DD") are deleted, in the archive too. */
  readonly deleteBefore?: string;
  /** Partitions of earlier dates are moved to the archive. */
  readonly archiveBefore?: string;
  /** Bytes archived at once, the oldest partitions first; others are left for the next time. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Said of the commits in the history. */
  readonly commitInfo?: Readonly<Record<string, unknown>>;
  /** Only tells what it would do, of all. */
  readonly dryRun?: boolean;
}

export interface RetireReport {
  readonly deleted: FileTotals;
  readonly archived: FileTotals;
  /** The version it made of the table; absent where there was nothing to do, and of a dry run. */
  readonly version?: number;
}

export interface VacuumedFiles {
  readonly files: number;
  readonly bytes: number;
}

export interface CheckpointReport {
  /** The version it is of; absent where the newest checkpoint was young enough. */
  readonly version?: number;
  /** Files of the log that were too old and are gone. */
  readonly removedLogFiles: number;
}

/** What a table takes in one place. */
export interface StoredBytes {
  /** Files of the newest version. */
  readonly live: FileTotals;
  /** Files that only older versions need, or none does. */
  readonly old: VacuumedFiles;
  readonly log: VacuumedFiles;
}

export interface TableStorage {
  readonly hot: StoredBytes;
  /** Absent where nothing was ever archived. */
  readonly archive?: StoredBytes;
}

/**
 * What keeps tables small and quick. Nothing of it changes what a query of the newest version sees, but for the rows that `retire` deletes.
 *
 * Each may run beside writers: appends go on, and of two that touch the same files one is ECAP_TABLE_CONFLICT and has changed nothing.
 * Rows that are archived stay in the table's snapshots, of every version and time; where a step ends in the middle they are where they were.
 */
export interface TableMaintenance {
  compact(table: string, options?: CompactOptions): Promise<CompactReport>;
  /** By whole partitions, as one version of the table. ECAP_TABLE_SCHEMA where the table is not partitioned by such a column. */
  retire(table: string, options: RetireOptions): Promise<RetireReport>;
  /** Removes files that no version needs which is younger than the table's retention, a week where it does not say. */
  vacuum(table: string, options?: { readonly dryRun?: boolean }): Promise<VacuumedFiles>;
  /** Writes a checkpoint where `minCommits` (default 1) or more came after the newest. */
  checkpoint(table: string, options?: { readonly minCommits?: number }): Promise<CheckpointReport>;
  storage(table: string): Promise<TableStorage>;
}
