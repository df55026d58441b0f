import { type Column, type ColumnType, EcapError } from "@ecap/sdk";

export const name = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`;
export const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

const plainTypes: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  long: "BIGINT",
  integer: "INTEGER",
  short: "SMALLINT",
  byte: "TINYINT",
  double: "DOUBLE",
  float: "FLOAT",
  boolean: "BOOLEAN",
  date: "DATE",
  timestamp: "TIMESTAMPTZ",
  timestamp_ntz: "TIMESTAMP",
  binary: "BLOB",
  // DuckDB gives a bare NULL this type too.
  void: "INTEGER",
};

export function sqlType(type: ColumnType): string {
  if (typeof type === "string") return plainTypes[type] ?? type.toUpperCase();
  if (type.type === "array") return `${sqlType(type.elementType)}[]`;
  if (type.type === "map") return `MAP(${sqlType(type.keyType)}, ${sqlType(type.valueType)})`;
  const fields = type.fields.map((field) => `${name(field.name)} ${sqlType(field.type)}`);
  return `STRUCT(${fields.join(", ")})`;
}

export const cast = (expression: string, type: ColumnType) =>
  `CAST(${expression} AS ${sqlType(type)})`;

/** A SELECT of columns without a row; `others` come before them. */
export function noRows(columns: readonly Column[], others: readonly string[] = []): string {
  const nulls = columns.map((column) => `${cast("NULL", column.type)} AS ${name(column.name)}`);
  return `SELECT ${[...others, ...nulls].join(", ")} WHERE false`;
}

/** A partition value: the text that an SQL expression gives, in the column's type. */
export function partitionValue(expression: string, { name: column, type }: Column): string {
  if (typeof type === "object") {
    const message = `Column ${column} is a ${type.type} and cannot be partitioned by`;
    throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: column });
  }
  return type === "binary" ? `encode(${expression})` : cast(expression, type);
}

/** The partition value as the log keeps it, as SQL. A timestamp that names no zone is one of `timeZone`. */
export function partitionLiteral(
  value: string | null | undefined,
  column: Column,
  timeZone: string,
): string {
  if (value === null || value === undefined) return cast("NULL", column.type);
  const isLocal = column.type === "timestamp" && !/:\d\d(\.\d+)? *(Z|[+-]\d\d.*)$/i.test(value);
  return isLocal
    ? `timezone(${text(timeZone)}, ${cast(text(value), "timestamp_ntz")})`
    : partitionValue(text(value), column);
}
