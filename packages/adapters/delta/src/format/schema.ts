import { type Column, type ColumnType, EcapError, type TableSchema } from "@ecap/sdk";
import type { MetaDataAction, ProtocolAction } from "./actions.ts";
import { columnToJson, parseColumns, typeName } from "./column-type.ts";
import { decimalSize } from "./decimal-size.ts";
import { isRecord, type JsonRecord, optional } from "./json-fields.ts";
import { parsed } from "./parsed.ts";
import { columnMappingMode } from "./protocol.ts";
import { hasTypeChanges } from "./type-changes.ts";

/** Types whose values this package writes, beside decimals; a table with others is read only. */
const writableTypes: ReadonlySet<ColumnType> = new Set<ColumnType>([
  "string",
  "long",
  "integer",
  "double",
  "boolean",
  "date",
  "timestamp",
  "binary",
]);

/** The schema in the JSON form of the protocol. */
export function schemaToString(columns: readonly Column[]): string {
  return JSON.stringify({ type: "struct", fields: columns.map(columnToJson) });
}

export interface ParsedSchema extends TableSchema {
  /** Columns that data files may hold in a narrower type. */
  readonly widened: ReadonlySet<string>;
  /** Why rows cannot be appended; undefined where they can. */
  readonly readOnly: string | undefined;
}

interface SchemaSource {
  readonly protocol: ProtocolAction;
  readonly metaData: MetaDataAction;
}

const schemas = new WeakMap<
  MetaDataAction,
  { readonly of: ProtocolAction; schema: ParsedSchema }
>();

/** The schema of a table's state. Throws ECAP_TABLE_CORRUPT or ECAP_TABLE_UNSUPPORTED. */
export function parseSchema(source: SchemaSource): ParsedSchema {
  const before = schemas.get(source.metaData);
  if (before?.of === source.protocol) return before.schema;
  const schema = parsed("The schema", () => parse(source));
  schemas.set(source.metaData, { of: source.protocol, schema });
  return schema;
}

function parse({ protocol, metaData }: SchemaSource): ParsedSchema {
  const root: unknown = JSON.parse(metaData.schemaString);
  if (!isRecord(root)) throw new TypeError("it is not a struct");
  const mapping = columnMappingMode(protocol, metaData);
  const columns = parseColumns(root, { mapping, path: [] });
  const names = new Set(columns.map((column) => column.name.toLowerCase()));
  if (names.size < columns.length) throw new TypeError("two columns have one name");
  const lost = metaData.partitionColumns.find((name) => !columns.some((c) => c.name === name));
  if (lost !== undefined) throw new TypeError(`${lost} is partitioned by but is not a column`);
  const fields = (root["fields"] as readonly JsonRecord[]).map(
    (field) => optional(field, "metadata", "record") ?? {},
  );
  const widened = columns.filter((_, i) => hasTypeChanges(fields[i] ?? {})).map(({ name }) => name);
  return {
    columns,
    partitionBy: metaData.partitionColumns,
    widened: new Set(widened),
    readOnly: columns.map(readOnly).find(Boolean),
  };
}

function readOnly({ name, type }: Column): string | undefined {
  return isWritableType(type) ? undefined : `column ${name} is a ${typeName(type)}`;
}

export function isWritableType(type: ColumnType): boolean {
  const decimal = decimalSize(type);
  return writableTypes.has(type) || (decimal !== undefined && decimal.scale <= decimal.precision);
}

/** Throws ECAP_TABLE_SCHEMA where a table cannot be made with this schema. */
export function checkSchema(schema: TableSchema): void {
  checkColumnNames(schema.columns);
  for (const { name, type } of schema.columns) {
    if (!isWritableType(type)) throw invalid(name, `has the type ${typeName(type)}`);
  }
  const partitionBy = new Set(schema.partitionBy ?? []);
  for (const name of partitionBy) {
    const column = schema.columns.find((candidate) => candidate.name === name);
    if (!column) throw invalid(name, "is partitioned by but is not a column");
    if (column.type === "binary") throw invalid(name, "is binary and cannot be partitioned by");
  }
  if (schema.columns.every((column) => partitionBy.has(column.name))) {
    throw new EcapError("ECAP_TABLE_SCHEMA", "A table needs a column it is not partitioned by");
  }
}

/** Throws ECAP_TABLE_SCHEMA where files cannot call columns so. */
export function checkColumnNames(columns: readonly Column[]): void {
  const names = new Set<string>();
  for (const { name } of columns) {
    if (!/^[^ ,;{}()\n\t=]+$/.test(name)) throw invalid(name, "is not a name Parquet allows");
    if (names.has(name.toLowerCase())) throw invalid(name, "is there twice");
    names.add(name.toLowerCase());
  }
}

/** Whether a type is the one named, or has it within. */
export function isOfType(type: ColumnType, wanted: ColumnType): boolean {
  if (type === wanted) return true;
  if (typeof type === "string") return false;
  if (type.type === "struct") return type.fields.some((field) => isOfType(field.type, wanted));
  if (type.type === "array") return isOfType(type.elementType, wanted);
  return isOfType(type.keyType, wanted) || isOfType(type.valueType, wanted);
}

/** The columns of `current` and those new in `wanted`, as nullable; throws ECAP_TABLE_SCHEMA where the two disagree. */
export function evolveColumns(current: TableSchema, wanted: TableSchema): readonly Column[] {
  if ((current.partitionBy ?? []).join("\n") !== (wanted.partitionBy ?? []).join("\n")) {
    throw new EcapError("ECAP_TABLE_SCHEMA", "The table is partitioned by other columns", {
      received: wanted.partitionBy,
    });
  }
  const known = new Map(current.columns.map((column) => [column.name, column]));
  for (const { name, type } of wanted.columns) {
    const before = known.get(name);
    if (before && typeName(before.type) !== typeName(type))
      throw invalid(name, `is a ${typeName(before.type)} in the table, not a ${typeName(type)}`);
  }
  const added = wanted.columns.filter((column) => !known.has(column.name));
  return [...current.columns, ...added.map((column) => ({ ...column, nullable: true }))];
}

function invalid(column: string, what: string): EcapError {
  return new EcapError("ECAP_TABLE_SCHEMA", `Column ${column} ${what}`, { path: column });
}
