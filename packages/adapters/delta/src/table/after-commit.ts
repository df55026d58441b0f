import type { TableState } from "../log/table-state.ts";
import { cleanLog } from "./clean-log.ts";
import type { TableContext } from "./table-context.ts";
import { countProperty, removedFileRetentionMs } from "./table-properties.ts";

/** Writes a checkpoint every so many versions, and then removes what is too old of the log. The commit stands whatever becomes of it. */
export async function afterCommit(table: TableContext, state: TableState): Promise<void> {
  const { metaData, version } = state;
  const interval = countProperty(metaData, "delta.checkpointInterval", table.checkpointInterval);
  if (version === 0 || version % interval !== 0) return;
  try {
    await table.log.checkpoint(state, table.clock.now() - removedFileRetentionMs(metaData));
    const keeps = metaData.configuration["delta.enableExpiredLogCleanup"] === "false";
    if (!keeps) await cleanLog(table, state);
  } catch (error) {
    // The next checkpoint holds everything, and the next clean-up removes what this one left.
    table.logger.warn({ table: table.name, version, error }, "checkpoint failed");
  }
}
