import { type Column, EcapError } from "@ecap/sdk";
import { grouped, holds, quoted } from "../files/sql-text.ts";
import { parseSchema } from "../format/schema.ts";
import { engineOf, existingTable, type TableContext } from "../table/table-context.ts";
import { target } from "../table/table-input.ts";
import { checkWritable } from "../table/writable.ts";
import { findMatches } from "./find-matches.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";
import { replaceFiles } from "./replace-files.ts";
import { rewriteFiles } from "./rewrite-files.ts";

/** New values of columns, as SQL over the columns of the row. */
export type Assignments = Readonly<Record<string, string>>;

export interface UpdateOptions extends OperationOptions {
  readonly set: Assignments;
  /** SQL over the columns; rows for which it is true change. Default: every row. */
  readonly where?: string;
}

/** Changes rows. Only files with such rows are written anew. */
export async function updateRows(table: TableContext, options: UpdateOptions): Promise<Outcome> {
  const { set, where = "true" } = options;
  const state = await existingTable(table);
  checkWritable(state);
  const { columns } = parseSchema(state);
  const assigned = await checkAssignments(table, columns, set);
  const { touched, reads } = await findMatches(table, state, where);
  const metrics = { numUpdatedRows: touched.reduce((sum, file) => sum + file.matches, 0) };
  const values = columns.map(({ name }) => {
    const value = assigned.get(name);
    if (value === undefined) return quoted(name);
    return `CASE WHEN "#hit" THEN ${grouped(value)} ELSE ${quoted(name)} END AS ${quoted(name)}`;
  });
  const hits = `(SELECT *, ${holds(where)} AS "#hit" FROM ${target}) AS ${target}`;
  const removed = touched.map((file) => file.add);
  const sql = `SELECT ${values.join(", ")} FROM ${hits}`;
  const added = await rewriteFiles(table, state, removed, sql);
  const parameters = { predicate: [where] };
  const before = columns.map(({ name }) => quoted(name)).join(", ");
  const changes = `SELECT ${before}, 'update_preimage' AS _change_type FROM ${hits} WHERE "#hit" UNION ALL SELECT ${values.join(", ")}, 'update_postimage' AS _change_type FROM ${hits} WHERE "#hit"`;
  return replaceFiles(table, state, {
    operation: "UPDATE",
    parameters,
    removed,
    added,
    changes: [{ files: removed, sql: changes }],
    metrics,
    reads,
    options,
  });
}

/** The assignments by the table's own names of the columns; throws where a column is not there or a value is not one expression. */
export async function checkAssignments(
  table: TableContext,
  columns: readonly Column[],
  set: Assignments,
): Promise<ReadonlyMap<string, string>> {
  const assigned = new Map<string, string>();
  for (const [column, expression] of Object.entries(set)) {
    const known = columns.find(({ name }) => name.toLowerCase() === column.toLowerCase());
    if (!known || assigned.has(known.name)) {
      const problem = known ? "is set twice" : "is not a column of the table";
      throw new EcapError("ECAP_TABLE_SCHEMA", `${column} ${problem}`, { path: column });
    }
    await engineOf(table).condition(expression);
    assigned.set(known.name, expression);
  }
  return assigned;
}
