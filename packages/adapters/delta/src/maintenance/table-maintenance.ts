import type { CompactOptions, CompactReport, TableMaintenance, VacuumedFiles } from "@ecap/sdk";
import { fileTotals } from "../files/file-facts.ts";
import { optimize, smallFiles } from "../operations/optimize.ts";
import { vacuum } from "../operations/vacuum.ts";
import { archiveStateOf } from "../table/archive.ts";
import { existingTable, type TableContext } from "../table/table-context.ts";
import { archiveWriter } from "./archive-writer.ts";
import { checkRemembers, retire } from "./retire.ts";
import { storage } from "./storage.ts";
import { writeCheckpoint } from "./write-checkpoint.ts";

/** The upkeep of the tables that `open` opens. */
export function tableMaintenance(open: (table: string) => TableContext): TableMaintenance {
  return {
    compact: (table, options = {}) => compact(open(table), options),
    retire: (table, options) => retire(open(table), options),
    vacuum: (table, options = {}) => vacuumBoth(open(table), options),
    checkpoint: (table, options = {}) => writeCheckpoint(open(table), options),
    storage: (table) => storage(open(table)),
  };
}

async function compact(
  table: TableContext,
  { dryRun = false, ...options }: CompactOptions,
): Promise<CompactReport> {
  if (dryRun) {
    const small = await smallFiles(table, await existingTable(table), options);
    return { removed: fileTotals(small.flat()) };
  }
  const { version } = await optimize(table, { maxBytes: 2 ** 30, ...options });
  const actions = version === undefined ? [] : ((await table.log.commit(version))?.actions ?? []);
  const added = fileTotals(actions.flatMap((action) => ("add" in action ? [action.add] : [])));
  const removed = fileTotals(
    actions.flatMap((action) => ("remove" in action ? [action.remove] : [])),
  );
  return { removed, added, ...(version !== undefined && { version }) };
}

/** Of the table and of its archive. What a run left there that ended in the middle is undone first, so that files the table needs are live. */
async function vacuumBoth(
  table: TableContext,
  options: { readonly dryRun?: boolean },
): Promise<VacuumedFiles> {
  const { archive } = table;
  const parts = [table];
  if (archive && (await archive.log.newest())) {
    const state = await existingTable(table);
    checkRemembers(table, state);
    parts.push({ ...table, root: archive.place.root, log: archive.log });
    if (options.dryRun !== true) {
      const archived = await archiveStateOf(state, archive);
      await archiveWriter(table, archive).undo(archived);
    }
  }
  const total = { files: 0, bytes: 0 };
  for (const part of parts) {
    const { files, bytes } = await vacuum(part, options);
    total.files += files.length;
    total.bytes += bytes;
  }
  return total;
}
