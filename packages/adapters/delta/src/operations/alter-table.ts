import type { RowConstraint } from "@ecap/sdk";
import type { Action } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { noReads, type Reads, readsAll } from "../table/change.ts";
import { commitChange } from "../table/commit-change.ts";
import { engineOf, existingTable, type TableContext } from "../table/table-context.ts";
import { checkWritable } from "../table/writable.ts";
import { type Alteration, addCheck } from "./alter.ts";
import { type OperationOptions, type Outcome, unchanged } from "./outcome.ts";
import { checkFiles } from "./write-rows.ts";

/** Changes the table's definition, no rows. `operation` is its name in the history. */
export async function alterTable(
  table: TableContext,
  operation: string,
  alteration: Alteration,
  options: OperationOptions,
): Promise<Outcome> {
  const state = await existingTable(table);
  checkWritable(state);
  return commitAlteration(table, state, { operation, alteration, options, reads: noReads });
}

/** Adds a CHECK constraint, of which every row that is there must be true: ECAP_TABLE_SCHEMA where one is not. */
export async function addConstraint(
  table: TableContext,
  constraint: RowConstraint,
  options: OperationOptions,
): Promise<Outcome> {
  const state = await existingTable(table);
  checkWritable(state);
  await engineOf(table).condition(constraint.condition);
  const alteration = addCheck(constraint.name, constraint.condition);
  alteration(state);
  await checkFiles(table, state, [...state.files.values()], [constraint]);
  const operation = "ADD CONSTRAINT";
  return commitAlteration(table, state, { operation, alteration, options, reads: readsAll });
}

interface Altering {
  readonly operation: string;
  readonly alteration: Alteration;
  readonly options: OperationOptions;
  readonly reads: Reads;
}

async function commitAlteration(
  table: TableContext,
  state: TableState,
  { operation, alteration, options, reads }: Altering,
): Promise<Outcome> {
  const { metaData, protocol } = alteration(state);
  const actions: Action[] = [
    ...(protocol === state.protocol ? [] : [{ protocol }]),
    ...(metaData === state.metaData ? [] : [{ metaData }]),
  ];
  if (actions.length === 0) return unchanged;
  const info = options.commitInfo ? { info: options.commitInfo } : {};
  const change = { operation, actions, written: [], reads, ...info };
  return { version: (await commitChange(table, state, change)).version, metrics: {} };
}
