import { EcapError, isEcapError } from "../../errors/ecap-error.ts";
import type { Job } from "../../plugin/job.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { StateStore } from "../../ports/state-store.ts";
import type { RetireReport, TableMaintenance } from "../../ports/table-maintenance.ts";
import type { FileTotals, TableStore } from "../../ports/table-store.ts";
import { bronzeTableName } from "../bronze-table.ts";
import { utcDate } from "../lake-rows.ts";
import type { LakeTable, TableRetention } from "../lake-table.ts";
import { lineageJob } from "../lineage/lineage-job.ts";
import { type LineageEvent, tableLineage } from "../lineage/table-lineage.ts";
import { type LakeOptions, planRetention } from "./lake-options.ts";
import {
  type MaintenanceRun,
  type StepReports,
  sumOf,
  totalsOf,
  type UpkeepStep,
  upkeepSteps,
} from "./maintenance-run.ts";
import { type LakeStorage, lakeStorage } from "./storage-cost.ts";
import { upkeepLedger } from "./upkeep-ledger.ts";

export interface MaintainRequest {
  readonly table: string;
  /** Default: all. */
  readonly steps?: readonly UpkeepStep[];
  /** Only tells what it would do, and is not kept. */
  readonly dryRun?: boolean;
  /** Who asks. */
  readonly by: string;
  readonly signal?: AbortSignal;
}

/** What looks after the tables of a lake. A table that is not there is ECAP_TABLE_NOT_FOUND. */
export interface LakeUpkeep {
  /** Does what is due for a table; ECAP_CONFLICT while another process does. A step that fails ends it, and is told. */
  maintain(request: MaintainRequest): Promise<MaintenanceRun>;
  /** What was done for a table, newest first. */
  runs(table: string): Promise<readonly MaintenanceRun[]>;
  /** Tables of the platform that are there. */
  tables(): Promise<readonly string[]>;
  /** What the tables take and cost: those that are named, or all. */
  storage(tables?: readonly string[]): Promise<LakeStorage>;
  retentionOf(table: string): TableRetention;
  /** Where each version came from, as OpenLineage run events, the newest version first. */
  lineage(
    table: string,
    options?: { readonly limit?: number; readonly before?: number },
  ): Promise<readonly LineageEvent[]>;
  readonly jobs: readonly Job[];
}

export interface LakeUpkeepOptions {
  readonly tableStore: TableStore;
  readonly maintenance: TableMaintenance;
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tables: readonly LakeTable[];
  readonly topics: readonly string[];
  readonly options?: LakeOptions | undefined;
}

/** Whoever asks, commits name the job that such work is. */
const jobNames = { compaction: "lake-compaction", retirement: "lake-retirement" } as const;
const dayMs = 86_400_000;
const defaultMinSmallFiles = 8;
const defaultTargetBytes = 128 * 2 ** 20;
const hourMs = 3_600_000;

export function createLakeUpkeep(parts: LakeUpkeepOptions): LakeUpkeep {
  const { tableStore, maintenance, stateStore, clock, options = {} } = parts;
  const retention = planRetention(parts, options.retention);
  const ledger = upkeepLedger(stateStore, clock);
  const own = [...parts.topics.map(bronzeTableName), ...parts.tables.map(({ name }) => name)];

  async function tables(): Promise<readonly string[]> {
    const there = new Set(await tableStore.tables());
    return own.filter((name) => there.has(name));
  }

  const steps: Readonly<Record<UpkeepStep, Step>> = {
    async compact({ table, dryRun, signal }) {
      const { minSmallFiles: minFiles = defaultMinSmallFiles } = options;
      const { targetFileBytes: targetBytes = defaultTargetBytes } = options;
      let [removed, added]: Array<FileTotals | undefined> = [];
      for (;;) {
        signal?.throwIfAborted();
        const report = await maintenance.compact(table, {
          minFiles,
          targetBytes,
          commitInfo: { job: jobNames.compaction },
          dryRun,
        });
        removed = sumOf(removed, report.removed);
        if (report.added) added = sumOf(added, report.added);
        if (report.version === undefined) return { compact: { removed, ...(added && { added }) } };
      }
    },
    async retire({ table, dryRun, signal }) {
      const { keepDays, archiveAfterDays } = retention.get(table) ?? {};
      if (keepDays === undefined && archiveAfterDays === undefined) return {};
      const now = clock.now();
      let total: Pick<RetireReport, "deleted" | "archived"> | undefined;
      for (;;) {
        signal?.throwIfAborted();
        const { version, deleted, archived } = await maintenance.retire(table, {
          by: "date",
          ...(keepDays !== undefined && { deleteBefore: utcDate(now - keepDays * dayMs) }),
          ...(archiveAfterDays !== undefined && {
            archiveBefore: utcDate(now - archiveAfterDays * dayMs),
          }),
          commitInfo: { job: jobNames.retirement },
          dryRun,
        });
        total = {
          deleted: sumOf(total?.deleted, deleted),
          archived: sumOf(total?.archived, archived),
        };
        if (version === undefined) return { retire: total };
      }
    },
    vacuum: async ({ table, dryRun }) => ({ vacuum: await maintenance.vacuum(table, { dryRun }) }),
    checkpoint: async ({ table, dryRun }) =>
      dryRun ? {} : { checkpoint: await maintenance.checkpoint(table, { minCommits: 10 }) },
  };

  async function work(request: MaintainRequest): Promise<MaintenanceRun> {
    const { table, by, dryRun = false, signal, steps: wanted = upkeepSteps } = request;
    const startedAt = clock.now();
    let reports: StepReports = {};
    let failed: MaintenanceRun["failed"];
    for (const step of upkeepSteps.filter((each) => wanted.includes(each))) {
      try {
        signal?.throwIfAborted();
        // A step may take longer than a turn lasts; then the turn is taken anew before the next.
        if (!dryRun) await ledger.take(table);
        reports = { ...reports, ...(await steps[step]({ table, dryRun, signal })) };
      } catch (error) {
        if (isEcapError(error, "ECAP_TABLE_NOT_FOUND")) throw error;
        failed = {
          step,
          code: codeOf(error),
          message: error instanceof Error ? error.message : String(error),
        };
        parts.logger.error({ table, ...failed }, "a table could not be kept");
        break;
      }
    }
    return {
      table,
      by,
      startedAt,
      endedAt: clock.now(),
      dryRun,
      ...reports,
      ...totalsOf(reports),
      ...(failed && { failed }),
    };
  }

  async function maintain(request: MaintainRequest): Promise<MaintenanceRun> {
    const { table, dryRun = false } = request;
    if (dryRun) return work(request);
    await tableStore.snapshot(table);
    if (!(await ledger.take(table)))
      throw new EcapError("ECAP_CONFLICT", `another process keeps the table ${table} just now`);
    const run = await work(request);
    await ledger.done(run);
    return run;
  }

  const { lineage = {} } = options;
  return {
    maintain,
    tables,
    runs: (table) => ledger.runs(table),
    async storage(named) {
      const wanted = named ?? (await tables());
      const found: Array<Parameters<typeof lakeStorage>[0][number]> = [];
      for (const table of wanted) found.push({ table, storage: await maintenance.storage(table) });
      return lakeStorage(found, options.prices);
    },
    retentionOf: (table) => retention.get(table) ?? {},
    lineage: async (table, which = {}) => tableLineage(tableStore, table, { ...lineage, ...which }),
    jobs: [
      upkeepJob(jobNames.compaction, options.compaction ?? { everyMs: hourMs }, [
        "compact",
        "checkpoint",
      ]),
      upkeepJob(jobNames.retirement, options.retirement ?? { cron: "20 3 * * *" }, [
        "retire",
        "vacuum",
      ]),
      ...lineageJob({ ...parts, options: lineage, tables }),
    ],
  };

  /** Every table, one after another. One that another process keeps is passed over; one that fails does not keep the others. */
  function upkeepJob(name: string, schedule: Job["schedule"], wanted: readonly UpkeepStep[]): Job {
    return {
      name,
      schedule,
      timeoutMs: hourMs,
      retries: 0,
      async run({ signal }) {
        const runs: MaintenanceRun[] = [];
        const failed: string[] = [];
        for (const table of await tables()) {
          signal.throwIfAborted();
          try {
            runs.push(await maintain({ table, steps: wanted, by: name, signal }));
          } catch (error) {
            if (isEcapError(error, "ECAP_CONFLICT") || isEcapError(error, "ECAP_TABLE_NOT_FOUND"))
              continue;
            failed.push(`${table} (${codeOf(error)})`);
            parts.logger.error({ table, error: String(error) }, "a table could not be kept");
          }
        }
        return reportOf(runs, failed);
      },
    };
  }
}

type Step = (request: {
  readonly table: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
}) => Promise<StepReports>;

function codeOf(error: unknown): string {
  return isEcapError(error) ? error.code : "ECAP_INTERNAL";
}

/** For the job's history; throws where a table failed, when all had their turn. */
function reportOf(
  runs: readonly MaintenanceRun[],
  unread: readonly string[],
): Readonly<Record<string, unknown>> {
  const failed = runs.flatMap(({ table, failed: why }) => (why ? [`${table} (${why.code})`] : []));
  const all = [...unread, ...failed];
  if (all.length > 0) throw new Error(`tables that could not be kept: ${all.join(", ")}`);
  const total = (of: (run: MaintenanceRun) => number) =>
    runs.reduce((sum, run) => sum + of(run), 0);
  return {
    tables: runs.length,
    touchedFiles: total((run) => run.touchedFiles),
    savedBytes: total((run) => run.savedBytes),
    freedBytes: total((run) => run.freedBytes),
  };
}
