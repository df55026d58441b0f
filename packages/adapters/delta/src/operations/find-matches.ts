import { canMatch } from "../files/can-match.ts";
import { fileFacts, rowsOf } from "../files/file-facts.ts";
import { holds } from "../files/sql-text.ts";
import type { AddAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import { type Reads, readsWhere } from "../table/change.ts";
import { engineOf, type TableContext } from "../table/table-context.ts";
import { tableInput, target } from "../table/table-input.ts";

export interface TouchedFile {
  readonly add: AddAction;
  /** Rows for which the condition is true. */
  readonly matches: number;
  /** True where it is true of all. */
  readonly isWhole: boolean;
}

export interface Matches {
  readonly touched: readonly TouchedFile[];
  readonly reads: Reads;
}

/** A test whether a file may hold rows for which the condition is true. */
export async function fileFilter(
  table: TableContext,
  state: TableState,
  where: string,
): Promise<(add: AddAction) => boolean> {
  const condition = await engineOf(table).condition(where);
  const matches = canMatch(condition, parseSchema(state).columns, target);
  return (add) => matches(fileFacts(state, add));
}

/** The files with rows for which the condition is true, of those that may have such by what the log says. */
export async function findMatches(
  table: TableContext,
  state: TableState,
  where: string,
): Promise<Matches> {
  const wouldRead = await fileFilter(table, state, where);
  const candidates = [...state.files.values()].filter(wouldRead);
  const reads = readsWhere(state, wouldRead);
  if (candidates.length === 0) return { touched: [], reads };
  const sql = `SELECT "#file" AS file, count(*) AS matches FROM ${target} WHERE ${holds(where)} GROUP BY "#file"`;
  const input = tableInput(table, state, candidates);
  const found = await engineOf(table).query(sql, [input]);
  const touched = found.flatMap(({ file, matches }): TouchedFile[] => {
    const add = candidates[Number(file)];
    const count = Number(matches);
    return add ? [{ add, matches: count, isWhole: rowsOf(add) === count }] : [];
  });
  return { touched, reads };
}
