import { type Column, EcapError } from "@ecap/sdk";
import { quoted } from "../files/sql-text.ts";
import { engineOf, type TableContext } from "../table/table-context.ts";
import { source } from "./held-rows.ts";
import { type Assignments, checkAssignments } from "./update-rows.ts";

/** `all` sets every column that the source has too to the source's value. */
export type MergeValues = Assignments | "all";

interface Conditional {
  /** SQL that must be true too. */
  readonly condition?: string;
}
export type ChangeClause = Conditional &
  ({ readonly update: MergeValues } | { readonly delete: true });
export type InsertClause = Conditional & { readonly insert: MergeValues };

export interface MergeClauses {
  /** What becomes of rows of the table with a row of the source. */
  readonly whenMatched?: readonly ChangeClause[];
  /** What becomes of rows of the source without one in the table. */
  readonly whenNotMatched?: readonly InsertClause[];
  /** What becomes of rows of the table without one in the source; `update` sees only the columns of the table. */
  readonly whenNotMatchedBySource?: readonly ChangeClause[];
}

/** A clause in SQL: when it applies, and the values it gives by column; none for one that deletes. */
export interface SqlClause {
  readonly condition: string;
  readonly values: ReadonlyMap<string, string> | undefined;
}

export interface SqlClauses {
  readonly matched: readonly SqlClause[];
  readonly inserts: readonly SqlClause[];
  readonly unmatched: readonly SqlClause[];
}

/** The clauses with every column and expression checked. */
export async function checkClauses(
  table: TableContext,
  columns: readonly Column[],
  sourceColumns: readonly Column[],
  { whenMatched = [], whenNotMatched = [], whenNotMatchedBySource = [] }: MergeClauses,
): Promise<SqlClauses> {
  const sourceNames = new Map(sourceColumns.map(({ name }) => [name.toLowerCase(), name]));
  const everyColumn = Object.fromEntries(
    columns.flatMap(({ name }) => {
      const known = sourceNames.get(name.toLowerCase());
      return known === undefined ? [] : [[name, `${source}.${quoted(known)}`]];
    }),
  );
  const check = async ({ condition = "true" }: Conditional, values: MergeValues | undefined) => {
    await engineOf(table).condition(condition);
    const set = values === "all" ? everyColumn : values;
    return { condition, values: set && (await checkAssignments(table, columns, set)) };
  };
  const changes = (clauses: readonly ChangeClause[]) =>
    Promise.all(
      clauses.map((clause) => check(clause, "update" in clause ? clause.update : undefined)),
    );
  if (whenNotMatchedBySource.some((clause) => "update" in clause && clause.update === "all")) {
    throw new EcapError(
      "ECAP_QUERY_INVALID",
      "whenNotMatchedBySource: there is no row of the source to take all values from",
    );
  }
  return {
    matched: await changes(whenMatched),
    inserts: await Promise.all(whenNotMatched.map((clause) => check(clause, clause.insert))),
    unmatched: await changes(whenNotMatchedBySource),
  };
}
