import { setTimeout } from "node:timers/promises";
import { EcapError, isEcapError, type RetireOptions, type RetireReport } from "@ecap/sdk";
import { changeFeedProperty } from "../changes/change-data.ts";
import { removeOf } from "../files/file-actions.ts";
import { fileTotals } from "../files/file-facts.ts";
import type { AddAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import { archiveAppId, archiveStateOf } from "../table/archive.ts";
import { noReads } from "../table/change.ts";
import { commitChange } from "../table/commit-change.ts";
import { existingTable, type TableContext } from "../table/table-context.ts";
import { isOn } from "../table/table-properties.ts";
import { checkWritable } from "../table/writable.ts";
import { type ArchiveWriter, archiveWriter } from "./archive-writer.ts";

/** How often it is tried where others change the same files, after pauses that grow from some 50 ms to some 3 s. */
const maxAttempts = 8;
const defaultMaxBytes = 2 ** 30;

type DateOf = (add: AddAction) => string;

/** Files of whole partitions, by what becomes of them. */
interface Plan {
  readonly expired: readonly AddAction[];
  readonly aged: readonly AddAction[];
  /** Files of the archive. */
  readonly expiredThere: readonly AddAction[];
  readonly keptThere: readonly AddAction[];
}

/**
 * Deletes partitions and moves others to the archive, by their age.
 *
 * First the files are copied, then the archive gets a version that has them, and then one commit of the table takes them out and names that version.
 * A reader takes the archive at the version that the table names, so it sees every row once whenever this ends: before that commit the archive's newer
 * versions belong to nothing, and the next run makes them undone.
 */
export async function retire(table: TableContext, options: RetireOptions): Promise<RetireReport> {
  const writer = table.archive && archiveWriter(table, table.archive);
  for (let attempt = 1; ; attempt++) {
    try {
      return await retireOnce(table, writer, options);
    } catch (error) {
      if (attempt >= maxAttempts || !isEcapError(error, "ECAP_TABLE_CONFLICT")) throw error;
      // By chance, so that two that meet do not meet again.
      await setTimeout(50 * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

async function retireOnce(
  table: TableContext,
  writer: ArchiveWriter | undefined,
  options: RetireOptions,
): Promise<RetireReport> {
  const state = await existingTable(table);
  checkWritable(state);
  checkRetirable(table, state, options);
  const archived = table.archive && (await archiveStateOf(state, table.archive));
  const { dryRun = false } = options;
  const unbounded = dryRun && { maxBytes: Number.POSITIVE_INFINITY };
  const plan = planOf(state, archived, { ...options, ...unbounded });
  const { expired, aged, expiredThere, keptThere } = plan;
  const report = {
    deleted: fileTotals([...expired, ...expiredThere]),
    archived: fileTotals(aged),
  };
  if (dryRun) return report;
  await writer?.undo(archived);
  const changesArchive = aged.length + expiredThere.length > 0;
  if (!changesArchive && expired.length === 0) return report;
  const there = changesArchive
    ? await writer?.write(state, { kept: keptThere, moved: aged, info: options.commitInfo })
    : undefined;
  return { ...report, version: await takeOut(table, state, { plan, there, options }) };
}

function checkRetirable(
  table: TableContext,
  state: TableState,
  { archiveBefore }: RetireOptions,
): void {
  const { appendOnly } = properties;
  if (isOn(state.metaData, appendOnly))
    refuse(table, appendOnly, "is append-only: its rows can be neither deleted nor moved");
  if (archiveBefore !== undefined && isOn(state.metaData, changeFeedProperty))
    refuse(
      table,
      changeFeedProperty,
      "has a change data feed, which would tell rows that move as deleted",
    );
  checkRemembers(table, state);
}

/** ECAP_TABLE_UNSUPPORTED where the log forgets which version of the archive belongs to the table. */
export function checkRemembers(table: TableContext, { metaData }: TableState): void {
  const { forgets } = properties;
  if (metaData.configuration[forgets])
    refuse(table, forgets, "forgets applications in time, and with them where its archive stands");
}

function refuse({ name }: TableContext, property: string, why: string): never {
  throw new EcapError("ECAP_TABLE_UNSUPPORTED", `Table ${name} ${why}`, { path: property });
}

const properties = {
  appendOnly: "delta.appendOnly",
  forgets: "delta.setTransactionRetentionDuration",
} as const;

/** The commit that makes all of it so, at once. */
async function takeOut(
  table: TableContext,
  state: TableState,
  step: {
    readonly plan: Plan;
    readonly there: number | undefined;
    readonly options: RetireOptions;
  },
): Promise<number> {
  const { plan, there, options } = step;
  const now = table.clock.now();
  const removed = [...plan.expired, ...plan.aged];
  const { by, deleteBefore, archiveBefore, commitInfo } = options;
  const cutOff = deleteBefore ?? archiveBefore ?? "";
  const { version } = await commitChange(table, state, {
    operation: plan.expired.length + plan.expiredThere.length > 0 ? "DELETE" : "ARCHIVE",
    parameters: { predicate: [`${by} < DATE '${archiveBefore ?? cutOff}'`] },
    metrics: {
      numRemovedFiles: removed.length,
      numArchivedFiles: plan.aged.length,
      numDeletedFiles: plan.expired.length + plan.expiredThere.length,
    },
    ...(commitInfo && { info: commitInfo }),
    actions: [
      ...(there === undefined
        ? []
        : [{ txn: { appId: archiveAppId, version: there, lastUpdated: now } }]),
      ...removed.map((add) => removeOf(add, now)),
    ],
    written: [],
    reads: { ...noReads, readFiles: new Set(removed.map((add) => add.path)) },
    readApplications: [archiveAppId],
  });
  return version;
}

function planOf(
  state: TableState,
  archived: TableState | undefined,
  { by, deleteBefore = "", archiveBefore = "", maxBytes = defaultMaxBytes }: RetireOptions,
): Plan {
  const dateOf = partitionDate(state, by);
  const isExpired = (add: AddAction) => dateOf(add) < deleteBefore;
  const here = [...state.files.values()];
  const there = [...(archived?.files.values() ?? [])];
  return {
    expired: here.filter(isExpired),
    aged: firstOf(
      here.filter((add) => !isExpired(add) && dateOf(add) < archiveBefore),
      { dateOf, maxBytes },
    ),
    expiredThere: there.filter(isExpired),
    keptThere: there.filter((add) => !isExpired(add)),
  };
}

/** The oldest partitions, whole, of about so many bytes; at least one. */
function firstOf(
  files: readonly AddAction[],
  { dateOf, maxBytes }: { readonly dateOf: DateOf; readonly maxBytes: number },
): AddAction[] {
  let bytes = 0;
  let last = "";
  const sorted = files.toSorted((a, b) => (dateOf(a) < dateOf(b) ? -1 : 1));
  const end = sorted.findIndex((add) => {
    const isNext = dateOf(add) !== last;
    last = dateOf(add);
    if (isNext && bytes >= maxBytes) return true;
    bytes += add.size;
    return false;
  });
  return end < 0 ? sorted : sorted.slice(0, end);
}

/** After every date there is. */
const never = "~";
const datePattern = /^\d{4}-\d\d-\d\d$/;

/** The date of a file's partition; one without a date never gets old. */
function partitionDate(state: TableState, by: string): DateOf {
  const { columns, partitionBy = [] } = parseSchema(state);
  const column = columns.find(({ name }) => name === by);
  if (column?.type !== "date" || !partitionBy.includes(by)) {
    throw new EcapError("ECAP_TABLE_SCHEMA", `The table is not partitioned by a date "${by}"`, {
      path: by,
    });
  }
  const { physicalName = by } = column;
  return ({ partitionValues }) => {
    const value = partitionValues[physicalName] ?? "";
    return datePattern.test(value) ? value : never;
  };
}
