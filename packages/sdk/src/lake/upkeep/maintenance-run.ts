import type {
  CheckpointReport,
  RetireReport,
  VacuumedFiles,
} from "../../ports/table-maintenance.ts";
import type { FileTotals } from "../../ports/table-store.ts";

/** What can be done for a table, in the order it is done. */
export const upkeepSteps = ["compact", "retire", "vacuum", "checkpoint"] as const;
export type UpkeepStep = (typeof upkeepSteps)[number];

/** What was done for a table. A step that is absent was not asked for, or failed. */
export interface MaintenanceRun {
  readonly table: string;
  /** Who asked for it: a job, or a person. */
  readonly by: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** It only tells what it would do. */
  readonly dryRun: boolean;
  /** Small files, and those they became. */
  readonly compact?: { readonly removed: FileTotals; readonly added?: FileTotals };
  readonly retire?: Pick<RetireReport, "deleted" | "archived">;
  readonly vacuum?: VacuumedFiles;
  readonly checkpoint?: CheckpointReport;
  /** Bytes that the newest version takes less: by compaction, and by rows deleted for their age. */
  readonly savedBytes: number;
  /** Bytes that the store holds less. */
  readonly freedBytes: number;
  /** Files written, moved, taken out of the table or removed. */
  readonly touchedFiles: number;
  readonly failed?: { readonly step: UpkeepStep; readonly code: string; readonly message: string };
}

export type StepReports = Pick<MaintenanceRun, UpkeepStep>;

/** The sums over a run's steps. */
export function totalsOf({
  compact,
  retire,
  vacuum,
  checkpoint,
}: StepReports): Pick<MaintenanceRun, "savedBytes" | "freedBytes" | "touchedFiles"> {
  const compacted = compact?.added ? compact.removed.bytes - compact.added.bytes : 0;
  return {
    savedBytes: compacted + (retire?.deleted.bytes ?? 0),
    freedBytes: vacuum?.bytes ?? 0,
    touchedFiles:
      (compact?.removed.files ?? 0) +
      (compact?.added?.files ?? 0) +
      (retire?.deleted.files ?? 0) +
      (retire?.archived.files ?? 0) +
      (vacuum?.files ?? 0) +
      (checkpoint?.removedLogFiles ?? 0),
  };
}

/** Two amounts of files together; of rows, where both tell. */
export function sumOf(a: FileTotals | undefined, b: FileTotals): FileTotals {
  if (a === undefined) return b;
  return {
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    ...(a.rows !== undefined && b.rows !== undefined && { rows: a.rows + b.rows }),
  };
}
