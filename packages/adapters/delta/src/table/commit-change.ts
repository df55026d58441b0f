import { EcapError } from "@ecap/sdk";
import { deleteQuietly } from "../files/write-files.ts";
import type { Action } from "../format/actions.ts";
import { type Conflict, findConflict, type Isolation, type Transaction } from "../log/conflicts.ts";
import type { TableState } from "../log/table-state.ts";
import { afterCommit } from "./after-commit.ts";
import type { Change } from "./change.ts";
import { commitInfo } from "./commit-info.ts";
import type { TableContext } from "./table-context.ts";
import { isOn } from "./table-properties.ts";
import { checkWritable } from "./writable.ts";

/** Lost races after which a commit gives up. Every lost race is another writer's success. */
const maxAttempts = 200;

/**
 * Commits a change made of the state `base`; resolves the state it made. Where others committed meanwhile it goes after them, unless one of
 * them conflicts: then its files are removed and it is ECAP_TABLE_CONFLICT, which names the conflict.
 */
export async function commitChange(
  table: TableContext,
  base: TableState,
  change: Change,
): Promise<TableState> {
  /** For steps that end before anything is committed. */
  const orForget = async <T>(step: () => T | Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      await forgetFiles(table, change.written);
      throw error;
    }
  };
  await orForget(() => {
    checkWritable(base);
    checkAppendOnly(table, base, change.actions);
  });
  const isolation = isolationOf(base, change);
  const transaction = {
    ...change.reads,
    actions: change.actions,
    isolation,
    readApplications: new Set(change.readApplications),
  };
  let state = base;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const actions = [commitInfo(table, state, change, isolation), ...change.actions];
    const committed = await table.log.tryCommit(state, actions);
    if (committed) {
      await afterCommit(table, committed);
      return committed;
    }
    const lost = state;
    state = await orForget(() => passWinners(table, lost, transaction));
  }
  throw new EcapError(
    "ECAP_TABLE_CONFLICT",
    `Table ${table.name}: lost ${maxAttempts} races to commit`,
  );
}

/** The newest state, after every commit past `base` was found not to conflict. */
async function passWinners(
  table: TableContext,
  base: TableState,
  transaction: Transaction,
): Promise<TableState> {
  const newest = await table.log.newest();
  if (!newest) throw new EcapError("ECAP_TABLE_NOT_FOUND", `Table ${table.name} is gone`);
  for (let version = base.version + 1; version <= newest.version; version++) {
    const winner = await table.log.commit(version);
    if (!winner) {
      throw new EcapError(
        "ECAP_TABLE_CORRUPT",
        `Table ${table.name}: version ${version} is missing`,
      );
    }
    const conflict = findConflict(transaction, winner.actions);
    if (conflict) throw conflictError(table, version, conflict);
  }
  checkWritable(newest);
  return newest;
}

function conflictError(table: TableContext, version: number, { kind, on }: Conflict): EcapError {
  const what = on === undefined ? "" : ` on ${on}`;
  const message = `Table ${table.name}: version ${version} conflicts (${kind})${what}`;
  return new EcapError("ECAP_TABLE_CONFLICT", message, { received: kind });
}

function isolationOf({ metaData }: TableState, { rearranges }: Change): Isolation {
  if (rearranges) return "snapshot";
  const level = metaData.configuration["delta.isolationLevel"]?.toLowerCase();
  return level === "serializable" ? "serializable" : "write-serializable";
}

function checkAppendOnly(
  table: TableContext,
  { metaData }: TableState,
  actions: readonly Action[],
): void {
  const removes = actions.some((action) => "remove" in action && action.remove.dataChange);
  if (!removes || !isOn(metaData, "delta.appendOnly")) return;
  throw new EcapError(
    "ECAP_TABLE_UNSUPPORTED",
    `Table ${table.name} is append-only: its rows cannot be changed or removed`,
    { path: "delta.appendOnly" },
  );
}

/** Removes files that no commit names for sure. */
export async function forgetFiles(
  { objects, root }: TableContext,
  paths: readonly string[],
): Promise<void> {
  await deleteQuietly(
    objects,
    paths.map((path) => root + path),
  );
}
