import { type ChangedRows, writeChanges } from "../changes/write-changes.ts";
import { removeOf } from "../files/file-actions.ts";
import type { AddAction } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import type { Change } from "../table/change.ts";
import { commitChange } from "../table/commit-change.ts";
import { orForget } from "../table/commit-loop.ts";
import type { TableContext } from "../table/table-context.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";

export interface Replacement
  extends Pick<Change, "operation" | "parameters" | "reads" | "rearranges"> {
  readonly removed: readonly AddAction[];
  readonly added: readonly AddAction[];
  /** Paths of files made for it. Default: those of `added`. */
  readonly written?: readonly string[];
  readonly metrics: Readonly<Record<string, number>>;
  /** The rows that change, for tables that record how; none where all of them are those of whole files that come and go. */
  readonly changes?: readonly ChangedRows[];
  readonly options: OperationOptions;
}

/** Commits that some files take the place of others; where there are neither, nothing happens. */
export async function replaceFiles(
  table: TableContext,
  state: TableState,
  replacement: Replacement,
): Promise<Outcome> {
  const { removed, added, changes = [], options, rearranges = false, ...said } = replacement;
  const { written: made = added.map((add) => add.path) } = replacement;
  if (removed.length + added.length === 0) return { version: undefined, metrics: said.metrics };
  const recorded = await orForget(table, made, () => writeChanges(table, state, changes));
  const written = [...made, ...recorded.map(({ path }) => path)];
  const now = table.clock.now();
  const metrics = {
    ...said.metrics,
    numRemovedFiles: removed.length,
    numAddedFiles: added.length,
  };
  const { version } = await commitChange(table, state, {
    ...said,
    metrics,
    rearranges,
    ...(options.commitInfo ? { info: options.commitInfo } : {}),
    actions: [
      ...recorded.map((cdc) => ({ cdc })),
      ...removed.map((add) => removeOf(add, now, !rearranges)),
      ...added.map((add) => ({ add: { ...add, dataChange: !rearranges } })),
    ],
    written,
  });
  return { version, metrics };
}
