import { inOrder } from "../log/in-order.ts";
import { type LogFile, parseLogName } from "../log/log-names.ts";
import type { TableState } from "../log/table-state.ts";
import type { TableContext } from "./table-context.ts";
import { intervalProperty } from "./table-properties.ts";

const dayMs = 86_400_000;
const defaultRetentionMs = 30 * dayMs;

interface ListedLogFile {
  readonly key: string;
  readonly modifiedAt: number;
  readonly file: LogFile;
}

/**
 * Removes commits and checkpoints older than `delta.logRetentionDuration`, but none that a kept version needs: all before the newest checkpoint
 * that is not newer than the newest expired commit. Resolves how many files that were.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#metadata-cleanup
 */
export async function cleanLog(
  { objects, root, clock }: TableContext,
  { metaData }: TableState,
): Promise<number> {
  const retention = intervalProperty(metaData, "delta.logRetentionDuration", defaultRetentionMs);
  const expired = clock.now() - retention;
  const cutOff = expired - (expired % dayMs);
  const listed: ListedLogFile[] = [];
  for await (const { key, modifiedAt } of objects.list(`${root}_delta_log/`)) {
    const file = parseLogName(key.slice(root.length + "_delta_log/".length));
    if (file) listed.push({ key, modifiedAt, file });
  }
  const oldest = firstKept(listed, cutOff);
  const removed = listed.filter(({ file }) => file.version < oldest);
  await inOrder(removed, ({ key }) => objects.delete(key));
  return removed.length;
}

/** The version of the checkpoint from which on everything is kept; 0 where there is none to start from. */
function firstKept(listed: readonly ListedLogFile[], cutOff: number): number {
  const old = listed.filter(
    ({ file, modifiedAt }) => file.kind === "commit" && modifiedAt <= cutOff,
  );
  const lastOld = Math.max(-1, ...old.map(({ file }) => file.version));
  const starts = listed.filter(({ file }) => isWholeCheckpoint(file) && file.version <= lastOld);
  return Math.max(0, ...starts.map(({ file }) => file.version));
}

/** Parts of a checkpoint, and the files that a V2 checkpoint names, are not counted on, as one may be missing. */
function isWholeCheckpoint(file: LogFile): boolean {
  return file.kind === "checkpoint" && file.parts === 1 && !file.isV2;
}
