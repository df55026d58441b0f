import type { TableCommit } from "@ecap/sdk";
import { fileTotals } from "../files/file-facts.ts";
import { isRecord } from "../format/json-fields.ts";
import type { DeltaLog } from "../log/delta-log.ts";
import { inOrder } from "../log/in-order.ts";
import { commitTime, type LoggedCommit, type TableState } from "../log/table-state.ts";

/** Commits read at once. */
const chunk = 32;

export interface HistoryOptions {
  readonly limit?: number;
  /** Only versions before it. */
  readonly before?: number;
}

/** Commits from the newest back, as far as the log still has them. */
export async function tableHistory(
  log: DeltaLog,
  newest: TableState,
  { limit = Number.POSITIVE_INFINITY, before = Number.POSITIVE_INFINITY }: HistoryOptions,
): Promise<TableCommit[]> {
  const commits: TableCommit[] = [];
  for (
    let top = Math.min(newest.version, before - 1);
    top >= 0 && commits.length < limit;
    top -= chunk
  ) {
    const count = Math.min(chunk, top + 1, limit - commits.length);
    const versions = Array.from({ length: count }, (_, i) => top - i);
    const read = await inOrder(versions, (version) => log.commit(version));
    commits.push(...read.flatMap((commit) => (commit ? [describe(commit)] : [])));
    if (read.includes(undefined)) break;
  }
  return commits;
}

/** The last version committed at or before a time; undefined where the log has none that old. */
export async function versionAt(
  log: DeltaLog,
  newest: TableState,
  at: number,
): Promise<number | undefined> {
  if (newest.timestamp <= at) return newest.version;
  let found: number | undefined;
  let [low, high] = [0, newest.version - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const commit = await log.commit(middle);
    if (commit && commitTime(commit) > at) high = middle - 1;
    else {
      if (commit) found = middle;
      low = middle + 1;
    }
  }
  return found;
}

function describe(commit: LoggedCommit): TableCommit {
  const logged = commit.actions.find((action) => "commitInfo" in action)?.commitInfo ?? {};
  const { timestamp: _, operation, ecap, ...info } = logged;
  return {
    version: commit.version,
    timestamp: commitTime(commit),
    operation: typeof operation === "string" ? operation : "UNKNOWN",
    info: { ...info, ...(isRecord(ecap) ? ecap : {}) },
    added: fileTotals(commit.actions.flatMap((action) => ("add" in action ? [action.add] : []))),
    removed: fileTotals(
      commit.actions.flatMap((action) => ("remove" in action ? [action.remove] : [])),
    ),
  };
}
