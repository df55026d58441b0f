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
  switch (type.type) {
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${name(field.name)} ${sqlType(field.type)}`).join(", ")})`;
    case "array":
      return `${sqlType(type.elementType)}[]`;
    case "map":
      return `MAP(${sqlType(type.keyType)}, ${sqlType(type.valueType)})`;
  }
}

export const cast = (expression: string, type: ColumnType) =>
  `CAST(${expression} AS ${sqlType(type)})`;

/** A partition value: the text that an SQL expression gives, in the column's type. */
export function partitionValue(expression: string, { name: column, type }: Column): string {
  if (typeof type === "object") {
    const message = `Column ${column} is a ${type.type} and cannot be partitioned by`;
    throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: column });
  }
  return type === "binary" ? `encode(${expression})` : cast(expression, type);
}

/** The partition value as the log keeps it, as SQL. */
export function partitionLiteral(value: string | null | undefined, column: Column): string {
  return value === null || value === undefined
    ? cast("NULL", column.type)
    : partitionValue(text(value), column);
}
