import type { CheckpointReport } from "@ecap/sdk";
import { beforeVersion, parseLogName } from "../log/log-names.ts";
import { cleanLog } from "../table/clean-log.ts";
import { existingTable, type TableContext } from "../table/table-context.ts";
import { removedFileRetentionMs } from "../table/table-properties.ts";

/** Writes a checkpoint of the newest version, unless there is one that few commits came after, and removes what is too old of the log. */
export async function writeCheckpoint(
  table: TableContext,
  { minCommits = 1 }: { readonly minCommits?: number },
): Promise<CheckpointReport> {
  const state = await existingTable(table);
  const { version, metaData } = state;
  if (version < minCommits || (await hasCheckpoint(table, version - minCommits + 1))) {
    return { removedLogFiles: 0 };
  }
  await table.log.checkpoint(state, table.clock.now() - removedFileRetentionMs(metaData));
  const keeps = metaData.configuration["delta.enableExpiredLogCleanup"] === "false";
  return { version, removedLogFiles: keeps ? 0 : await cleanLog(table, state) };
}

async function hasCheckpoint({ objects, root }: TableContext, from: number): Promise<boolean> {
  const folder = `${root}_delta_log/`;
  for await (const { key } of objects.list(folder, { after: folder + beforeVersion(from) })) {
    if (parseLogName(key.slice(folder.length))?.kind === "checkpoint") return true;
  }
  return false;
}
