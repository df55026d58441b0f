import { type Column, type ColumnType, EcapError, type TableSchema } from "@ecap/sdk";
import type { MetaDataAction } from "./actions.ts";
import { isRecord, optional, required } from "./json-fields.ts";

/** Delta types that read as one of ours without loss; a table that has them is not written to. */
const readsAs: Readonly<Record<string, ColumnType>> = {
  byte: "integer",
  short: "integer",
  float: "double",
};
const plainTypes: ReadonlySet<string> = new Set<ColumnType>([
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
  const fields = columns.map(({ name, type, nullable = true, description }) => ({
    name,
    type,
    nullable,
    metadata: description === undefined ? {} : { comment: description },
  }));
  return JSON.stringify({ type: "struct", fields });
}

export interface ParsedSchema extends TableSchema {
  /** Why rows cannot be appended; undefined where they can. */
  readonly readOnly: string | undefined;
}

const parsed = new WeakMap<MetaDataAction, ParsedSchema>();

export function parseSchema(metaData: MetaDataAction): ParsedSchema {
  const known = parsed.get(metaData) ?? parse(metaData);
  parsed.set(metaData, known);
  return known;
}

function parse(metaData: MetaDataAction): ParsedSchema {
  const root: unknown = JSON.parse(metaData.schemaString);
  if (!isRecord(root) || !Array.isArray(root["fields"]))
    throw new TypeError("schemaString is not a struct");
  const readOnly: string[] = [];
  const columns = root["fields"].map((field: unknown): Column => {
    if (!isRecord(field)) throw new TypeError("a field of the schema is not an object");
    const name = required(field, "name", "string");
    const type = columnType(name, field["type"]);
    const metadata = isRecord(field["metadata"]) ? field["metadata"] : {};
    if (type !== field["type"]) readOnly.push(`column ${name} is a ${String(field["type"])}`);
    if ("delta.invariants" in metadata) readOnly.push(`column ${name} has an invariant`);
    if ("delta.generationExpression" in metadata) readOnly.push(`column ${name} is generated`);
    const description = metadata["comment"];
    return {
      name,
      type,
      nullable: optional(field, "nullable", "boolean") ?? true,
      ...(typeof description === "string" ? { description } : {}),
    };
  });
  return { columns, partitionBy: metaData.partitionColumns, readOnly: readOnly[0] };
}

function columnType(column: string, type: unknown): ColumnType {
  if (typeof type === "string") {
    const alias = readsAs[type];
    if (alias) return alias;
    if (isColumnType(type)) return type;
  }
  const received = typeof type === "string" ? type : isRecord(type) ? type["type"] : type;
  throw new EcapError(
    "ECAP_TABLE_UNSUPPORTED",
    `Column ${column} has the type ${String(received)}`,
    {
      path: column,
      received,
    },
  );
}

export function isColumnType(type: string): type is ColumnType {
  const decimal = decimalSize(type);
  return plainTypes.has(type) || (decimal !== undefined && decimal.scale <= decimal.precision);
}

export interface DecimalSize {
  readonly precision: number;
  readonly scale: number;
}

export function decimalSize(type: string): DecimalSize | undefined {
  const match = /^decimal\((\d{1,2}),\s*(\d{1,2})\)$/.exec(type);
  const [precision, scale] = [Number(match?.[1]), Number(match?.[2])];
  return match && precision >= 1 && precision <= 38 ? { precision, scale } : undefined;
}

/** Throws ECAP_TABLE_SCHEMA where a table cannot be made with this schema. */
export function checkSchema(schema: TableSchema): void {
  const names = new Set<string>();
  for (const { name, type } of schema.columns) {
    if (!/^[^ ,;{}()\n\t=]+$/.test(name)) throw invalid(name, "is not a name Parquet allows");
    if (names.has(name.toLowerCase())) throw invalid(name, "is there twice");
    if (!isColumnType(type)) throw invalid(name, "has an unknown type");
    names.add(name.toLowerCase());
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
    if (before && before.type !== type)
      throw invalid(name, `is a ${before.type} in the table, not a ${type}`);
  }
  const added = wanted.columns.filter((column) => !known.has(column.name));
  return [...current.columns, ...added.map((column) => ({ ...column, nullable: true }))];
}

function invalid(column: string, what: string): EcapError {
  return new EcapError("ECAP_TABLE_SCHEMA", `Column ${column} ${what}`, { path: column });
}
