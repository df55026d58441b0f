import { EcapError } from "@ecap/sdk";
import type { Action } from "../format/actions.ts";
import { type Conflict, findConflict, type Isolation, type Transaction } from "../log/conflicts.ts";
import type { TableState } from "../log/table-state.ts";
import type { Change } from "./change.ts";
import { commitInfo } from "./commit-info.ts";
import { commitLoop, goneError } from "./commit-loop.ts";
import type { TableContext } from "./table-context.ts";
import { isOn } from "./table-properties.ts";
import { checkWritable } from "./writable.ts";

/**
 * Commits a change made of the state `base`; resolves the state it made. Where others committed meanwhile it goes after them, unless one of
 * them conflicts: then its files are removed and it is ECAP_TABLE_CONFLICT, which names the conflict.
 */
export async function commitChange(
  table: TableContext,
  base: TableState,
  change: Change,
): Promise<TableState> {
  const isolation = isolationOf(base, change);
  const transaction = {
    ...change.reads,
    actions: change.actions,
    isolation,
    readApplications: new Set(change.readApplications),
  };
  let seen = base;
  const committed = await commitLoop(table, {
    written: change.written,
    async prepare(state) {
      if (!state) throw goneError(table);
      await checkWinners(table, transaction, { after: seen.version, to: state.version });
      checkWritable(state);
      checkAppendOnly(table, state, change.actions);
      seen = state;
      return [commitInfo(table, state, change, isolation), ...change.actions];
    },
  });
  if (!committed) throw goneError(table);
  return committed;
}

/** Throws where a commit past the version `after` conflicts. */
async function checkWinners(
  table: TableContext,
  transaction: Transaction,
  { after, to }: { readonly after: number; readonly to: number },
): Promise<void> {
  for (let version = after + 1; version <= to; version++) {
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
