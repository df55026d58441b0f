import type { Column, FileInput } from "@ecap/sdk";
import { grouped, holds, quoted } from "../files/sql-text.ts";
import type { AddAction } from "../format/actions.ts";
import type { Reads } from "../table/change.ts";
import { target } from "../table/table-input.ts";
import { source } from "./held-rows.ts";
import type { SqlClause, SqlClauses } from "./merge-clauses.ts";

/** What a merge will do, checked. */
export interface MergePlan {
  readonly on: string;
  /** Columns of the table. */
  readonly columns: readonly Column[];
  readonly clauses: SqlClauses;
  readonly source: FileInput;
  /** Files that may hold rows with a row of the source. */
  readonly candidates: readonly AddAction[];
  readonly reads: Reads;
}

const hasSource = `${source}."#row" IS NOT NULL`;
const hasTarget = `${target}."#row" IS NOT NULL`;

/** By file: rows that a clause changes, and the most rows of the source that one row of it has. */
export function matchedSql({ clauses: { matched }, on }: MergePlan): string {
  const pairs = `SELECT ${target}."#file" AS file, ${target}."#row" AS row, count(*) AS sources, count(*) FILTER (WHERE ${anyOf(matched)}) AS changes FROM ${target} JOIN ${source} ON ${grouped(on)} GROUP BY 1, 2`;
  return `SELECT file, count(*) FILTER (WHERE changes > 0) AS changed, max(sources) AS sources FROM (${pairs}) AS pairs GROUP BY file`;
}

/** By file: rows without a row of the source that a clause changes. */
export function unmatchedSql({ clauses: { unmatched }, on }: MergePlan): string {
  return `SELECT ${target}."#file" AS file, count(*) AS changed FROM ${target} LEFT JOIN ${source} ON ${grouped(on)} WHERE ${source}."#row" IS NULL AND ${anyOf(unmatched)} GROUP BY 1`;
}

/** The rows that touched files hold afterwards. */
export function rewriteSql(plan: MergePlan): string {
  const cases = changeCases(plan);
  const stays = cases.map(({ when, values }) => `WHEN ${when} THEN ${values ? "true" : "false"}`);
  return `SELECT ${newValues(plan, cases)} FROM ${pairsOf(plan)} WHERE CASE ${stays.join(" ")} ELSE true END`;
}

/** The rows of touched files that clauses change, as they were and as they are, with `_change_type`. */
export function changesSql(plan: MergePlan): string {
  const cases = changeCases(plan);
  const kinds = cases.map(
    ({ when, values }) => `WHEN ${when} THEN '${values ? "update" : "delete"}'`,
  );
  const isKind = (kind: string) => `CASE ${kinds.join(" ")} END = '${kind}'`;
  const before = plan.columns.map(({ name }) => `${target}.${quoted(name)}`).join(", ");
  const from = pairsOf(plan);
  // Several rows of the source may say of one row that it goes.
  const once = `QUALIFY row_number() OVER (PARTITION BY ${target}."#file", ${target}."#row") = 1`;
  return [
    `SELECT ${before}, 'delete' AS _change_type FROM ${from} WHERE ${isKind("delete")} ${once}`,
    `SELECT ${before}, 'update_preimage' AS _change_type FROM ${from} WHERE ${isKind("update")}`,
    `SELECT ${newValues(plan, cases)}, 'update_postimage' AS _change_type FROM ${from} WHERE ${isKind("update")}`,
  ].join(" UNION ALL ");
}

interface ChangeCase {
  /** When the clause applies to a row of the table, beside its row of the source if it has one. */
  readonly when: string;
  readonly values: SqlClause["values"];
}

/** The clauses for rows of the table; of those whose `when` is true the first counts. */
function changeCases({ clauses: { matched, unmatched } }: MergePlan): readonly ChangeCase[] {
  return [
    ...matched.map(({ condition, values }) => ({
      values,
      when: `${hasSource} AND ${holds(condition)}`,
    })),
    ...unmatched.map(({ condition, values }) => ({
      values,
      when: `NOT (${hasSource}) AND ${holds(condition)}`,
    })),
  ];
}

function newValues({ columns }: MergePlan, cases: readonly ChangeCase[]): string {
  const values = columns.map(({ name }) => {
    const own = `${target}.${quoted(name)}`;
    const whens = cases.map(
      ({ when, values: given }) => `WHEN ${when} THEN ${grouped(given?.get(name) ?? own)}`,
    );
    return `CASE ${whens.join(" ")} ELSE ${own} END AS ${quoted(name)}`;
  });
  return values.join(", ");
}

const pairsOf = ({ on }: MergePlan) => `${target} LEFT JOIN ${source} ON ${grouped(on)}`;

/** The rows that the merge adds. */
export function insertSql({ clauses: { inserts }, on, columns }: MergePlan): string {
  const values = columns.map(({ name }) => {
    const whens = inserts.map(
      ({ condition, values: given }) =>
        `WHEN ${holds(condition)} THEN ${grouped(given?.get(name) ?? "NULL")}`,
    );
    return `CASE ${whens.join(" ")} END AS ${quoted(name)}`;
  });
  return `SELECT ${values.join(", ")} FROM ${source} LEFT JOIN ${target} ON ${grouped(on)} WHERE NOT (${hasTarget}) AND ${anyOf(inserts)}`;
}

function anyOf(clauses: readonly SqlClause[]): string {
  return clauses.length === 0
    ? "false"
    : `(${clauses.map((clause) => holds(clause.condition)).join(" OR ")})`;
}
