import { EcapError, type RowConstraint } from "@ecap/sdk";
import type { MetaDataAction } from "../format/actions.ts";
import { isRecord } from "../format/json-fields.ts";
import { quoted } from "./sql-text.ts";
import { schemaFields } from "./table-fields.ts";

export const constraintPrefix = "delta.constraints.";

/** What every row of the table must satisfy beyond NOT NULL: CHECK constraints, and the invariants of columns. */
export function checkConstraints(metaData: MetaDataAction): readonly RowConstraint[] {
  const checks = Object.entries(metaData.configuration).flatMap(([key, sql]) =>
    key.startsWith(constraintPrefix) && sql !== null
      ? [{ name: key.slice(constraintPrefix.length), condition: withoutBackticks(sql) }]
      : [],
  );
  const invariants = schemaFields(metaData).flatMap(({ name, metadata }) => {
    const invariant = metadata["delta.invariants"];
    return invariant === undefined ? [] : [{ name, condition: invariantSql(name, invariant) }];
  });
  return [...checks, ...invariants];
}

/** All that a written row must satisfy. */
export function rowConstraints(metaData: MetaDataAction): readonly RowConstraint[] {
  const required = schemaFields(metaData).filter((field) => !field.nullable);
  const notNull = required.map(({ name }) => ({ name, condition: `${quoted(name)} IS NOT NULL` }));
  // The protocol reads an empty partition value as NULL, so an empty text cannot be kept.
  const notEmpty = metaData.partitionColumns.map((name) => ({
    name,
    condition: `coalesce(CAST(${quoted(name)} AS VARCHAR), ' ') <> ''`,
  }));
  return [...notNull, ...notEmpty, ...checkConstraints(metaData)];
}

/** @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#column-invariants */
function invariantSql(column: string, invariant: unknown): string {
  const parsed: unknown = typeof invariant === "string" ? JSON.parse(invariant) : undefined;
  const outer = isRecord(parsed) ? parsed["expression"] : undefined;
  const sql = isRecord(outer) ? outer["expression"] : undefined;
  if (typeof sql === "string") return withoutBackticks(sql);
  throw new EcapError("ECAP_TABLE_UNSUPPORTED", `Column ${column} has an unknown invariant`, {
    path: column,
  });
}

/** Spark quotes names by backticks, SQL by double quotes. Texts in single quotes stay as they are. */
function withoutBackticks(sql: string): string {
  return sql.replaceAll(/'(?:[^']|'')*'|`((?:[^`]|``)*)`/g, (token, name?: string) =>
    name === undefined ? token : quoted(name.replaceAll("``", "`")),
  );
}
