import type { Action } from "../format/actions.ts";
import type { Transaction } from "../log/conflicts.ts";
import type { TableState } from "../log/table-state.ts";

export type Reads = Pick<Transaction, "wouldRead" | "readWholeTable" | "readFiles">;

/** What an operation read and wants to commit. */
export interface Change {
  readonly operation: string;
  /** Said in the history. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Counts for the history. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** What the caller says of it. */
  readonly info?: Readonly<Record<string, unknown>>;
  readonly actions: readonly Action[];
  /** Paths of files made for it, which are removed where it cannot be committed. */
  readonly written: readonly string[];
  readonly reads: Reads;
  /** Applications whose last version it looked at. */
  readonly readApplications?: readonly string[];
  /** True where no rows change, so that only files it rewrites matter. */
  readonly rearranges?: boolean;
}

/** Reads of an operation that looked at no rows. */
export const noReads: Reads = {
  wouldRead: () => false,
  readWholeTable: false,
  readFiles: new Set(),
};

/** Reads of an operation that looked at every row. */
export const readsAll: Reads = {
  wouldRead: () => true,
  readWholeTable: true,
  readFiles: new Set(),
};

/** Reads of an operation that looked at the files for which `wouldRead` is true. */
export function readsWhere(state: TableState, wouldRead: Reads["wouldRead"]): Reads {
  const files = [...state.files.values()].filter(wouldRead);
  return { wouldRead, readWholeTable: false, readFiles: new Set(files.map((add) => add.path)) };
}
