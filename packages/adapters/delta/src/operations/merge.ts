import { type Column, EcapError, type FileInput } from "@ecap/sdk";
import { type ChangedRows, insertedRows } from "../changes/write-changes.ts";
import { rowsOf } from "../files/file-facts.ts";
import type { RowSource } from "../files/row-source.ts";
import { writeQuery } from "../files/write-query.ts";
import type { AddAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import { readsAll, readsWhere } from "../table/change.ts";
import { engineOf, existingTable, forgetFiles, type TableContext } from "../table/table-context.ts";
import { tableInput } from "../table/table-input.ts";
import { checkWritable } from "../table/writable.ts";
import { fileFilter } from "./find-matches.ts";
import { holdRows } from "./held-rows.ts";
import { checkClauses, type MergeClauses } from "./merge-clauses.ts";
import {
  changesSql,
  insertSql,
  type MergePlan,
  matchedSql,
  rewriteSql,
  unmatchedSql,
} from "./merge-sql.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";
import { replaceFiles } from "./replace-files.ts";
import { rewriteFiles } from "./rewrite-files.ts";

export interface MergeOptions extends OperationOptions, MergeClauses {
  readonly rows: RowSource;
  /** The columns of the rows. Default: those of the table. */
  readonly columns?: readonly Column[];
  /** SQL over the columns of `target` and `source`: which rows belong together. */
  readonly on: string;
}

/**
 * Updates, deletes and inserts by a comparison with other rows, in one commit. Of the clauses of a kind the first whose condition is true of a
 * row applies. SQL names columns as `target.…` and `source.…`. Two rows of the source for one row of the table are ECAP_TABLE_SCHEMA.
 */
export async function merge(table: TableContext, options: MergeOptions): Promise<Outcome> {
  const state = await existingTable(table);
  checkWritable(state);
  const { columns = parseSchema(state).columns, rows } = options;
  const held = await holdRows(table, columns, rows);
  try {
    const plan = await planMerge(table, state, options, held.input);
    return await mergeHeld(table, state, plan, { options, sourceRows: held.count });
  } finally {
    await held.release();
  }
}

interface Given {
  readonly options: MergeOptions;
  readonly sourceRows: number;
}

async function mergeHeld(
  table: TableContext,
  state: TableState,
  plan: MergePlan,
  { options, sourceRows }: Given,
): Promise<Outcome> {
  const touched = await findTouched(table, state, plan);
  const removed = touched.map((file) => file.add);
  const kept = await rewriteFiles(table, state, removed, rewriteSql(plan), {
    others: [plan.source],
  });
  const inserted = await insertRows(table, state, plan).catch(async (error: unknown) => {
    await forgetFiles(
      table,
      kept.map((add) => add.path),
    );
    throw error;
  });
  const metrics = {
    numSourceRows: sourceRows,
    numTargetRowsInserted: inserted.reduce((sum, add) => sum + (rowsOf(add) ?? 0), 0),
    numTargetRowsChanged: touched.reduce((sum, file) => sum + file.changed, 0),
  };
  return replaceFiles(table, state, {
    operation: "MERGE",
    parameters: { predicate: options.on },
    removed,
    added: [...kept, ...inserted],
    changes: touched.length === 0 ? [] : [changedRows(plan, removed), insertedRows(inserted)],
    metrics,
    reads: plan.reads,
    options,
  });
}

async function planMerge(
  table: TableContext,
  state: TableState,
  options: MergeOptions,
  input: FileInput,
): Promise<MergePlan> {
  const { columns } = parseSchema(state);
  const clauses = await checkClauses(table, columns, input.columns, options);
  const mayMatch = await fileFilter(table, state, options.on);
  return {
    on: options.on,
    columns,
    clauses,
    source: input,
    candidates: [...state.files.values()].filter(mayMatch),
    reads: clauses.unmatched.length > 0 ? readsAll : readsWhere(state, mayMatch),
  };
}

function changedRows(plan: MergePlan, files: readonly AddAction[]): ChangedRows {
  return { files, sql: changesSql(plan), others: [plan.source] };
}

interface ChangedFile {
  readonly add: AddAction;
  /** Rows that a clause updates or deletes. */
  readonly changed: number;
}

async function findTouched(
  table: TableContext,
  state: TableState,
  plan: MergePlan,
): Promise<readonly ChangedFile[]> {
  const { matched, unmatched } = plan.clauses;
  const changed = new Map<AddAction, number>();
  const count = async (sql: string, files: readonly AddAction[]) => {
    if (files.length === 0) return;
    const input = tableInput(table, state, files);
    for (const row of await engineOf(table).query(sql, [input, plan.source])) {
      if (Number(row["sources"] ?? 1) > 1 && !deletesAllMatched(plan)) throw severalSources(plan);
      const add = files[Number(row["file"])];
      const rows = Number(row["changed"]);
      if (add && rows > 0) changed.set(add, (changed.get(add) ?? 0) + rows);
    }
  };
  if (matched.length > 0) await count(matchedSql(plan), plan.candidates);
  if (unmatched.length > 0) await count(unmatchedSql(plan), [...state.files.values()]);
  return [...changed].map(([add, rows]) => ({ add, changed: rows }));
}

/** With one clause, which deletes, it does not matter how many rows of the source a row has. */
function deletesAllMatched({ clauses: { matched } }: MergePlan): boolean {
  const [only, ...more] = matched;
  return only?.values === undefined && only?.condition === "true" && more.length === 0;
}

function severalSources({ on }: MergePlan): EcapError {
  return new EcapError("ECAP_TABLE_SCHEMA", `Several source rows match one row of the table`, {
    path: on,
  });
}

async function insertRows(
  table: TableContext,
  state: TableState,
  plan: MergePlan,
): Promise<readonly AddAction[]> {
  if (plan.clauses.inserts.length === 0) return [];
  const input = tableInput(table, state, plan.candidates);
  const options = { ...table, engine: engineOf(table), definition: state };
  return writeQuery(options, insertSql(plan), [input, plan.source]);
}
