import { EcapError } from "@ecap/sdk";
import type { Action } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { afterCommit } from "./after-commit.ts";
import { forgetFiles, type TableContext } from "./table-context.ts";

/** Lost races after which a commit gives up. Every lost race is another writer's success. */
const maxAttempts = 200;

export interface Commit {
  /** Paths of files made for it, which are removed where it is not committed. */
  readonly written: readonly string[];
  /** The actions to commit after the newest state; asked again after every lost race. Undefined where there is nothing to commit. */
  readonly prepare: (
    state: TableState | undefined,
  ) => readonly Action[] | undefined | Promise<readonly Action[] | undefined>;
}

/**
 * Commits, again after every race lost to another writer; resolves the state it made, or undefined where there was nothing to commit. What `prepare`
 * throws ends it. Commits of one process take turns, so they race only with other processes.
 *
 * Where a commit fails its outcome may be unknown, so the files stay; vacuum removes what no version names.
 */
export async function commitLoop(
  table: TableContext,
  commit: Commit,
): Promise<TableState | undefined> {
  const committed = await table.inTurn(() => race(table, commit));
  if (committed) await afterCommit(table, committed);
  return committed;
}

async function race(
  table: TableContext,
  { written, prepare }: Commit,
): Promise<TableState | undefined> {
  const { log, name } = table;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const { state, actions } = await orForget(table, written, async () => {
      const newest = await log.newest();
      return { state: newest, actions: await prepare(newest) };
    });
    if (!actions) {
      await forgetFiles(table, written);
      return undefined;
    }
    const committed = await log.tryCommit(state, actions);
    if (committed) return committed;
  }
  await forgetFiles(table, written);
  throw new EcapError("ECAP_TABLE_CONFLICT", `Table ${name}: lost ${maxAttempts} races to commit`);
}

/** Runs a step before which nothing was committed, and removes the files where it fails. */
export async function orForget<T>(
  table: TableContext,
  written: readonly string[],
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await forgetFiles(table, written);
    throw error;
  }
}

export function goneError({ name }: TableContext): EcapError {
  return new EcapError("ECAP_TABLE_NOT_FOUND", `Table ${name} is gone`, { received: name });
}
