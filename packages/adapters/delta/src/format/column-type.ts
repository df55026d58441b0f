import { type Column, type ColumnType, EcapError, type PrimitiveType } from "@ecap/sdk";
import { decimalSize } from "./decimal-size.ts";
import { isRecord, type JsonRecord, optional, required } from "./json-fields.ts";
import type { ColumnMappingMode } from "./protocol.ts";
import { checkTypeChanges } from "./type-changes.ts";

const primitiveTypes: ReadonlySet<string> = new Set<PrimitiveType>([
  "string",
  "long",
  "integer",
  "short",
  "byte",
  "double",
  "float",
  "boolean",
  "date",
  "timestamp",
  "timestamp_ntz",
  "binary",
  "void",
]);
/** Types within types are followed so far, which is past any table's need and short of the stack's. */
const maxDepth = 100;

export interface ColumnsContext {
  readonly mapping: ColumnMappingMode;
  /** Names of the fields around, for messages. */
  readonly path: readonly string[];
}

/** The fields of a struct in the JSON form of the protocol. */
export function parseColumns(struct: JsonRecord, context: ColumnsContext): Column[] {
  const fields = struct["fields"];
  if (!Array.isArray(fields)) throw new TypeError(`${where(context)} is a struct without fields`);
  return fields.map((field: unknown) => {
    if (!isRecord(field)) throw new TypeError(`${where(context)} has a field that is no object`);
    return parseColumn(field, context);
  });
}

function parseColumn(field: JsonRecord, { mapping, path }: ColumnsContext): Column {
  const name = required(field, "name", "string");
  const metadata = optional(field, "metadata", "record") ?? {};
  const context = { mapping, path: [...path, name] };
  checkTypeChanges(metadata, where(context));
  const description = optional(metadata, "comment", "string");
  return {
    name,
    type: parseType(field["type"], context),
    nullable: optional(field, "nullable", "boolean") ?? true,
    ...(description === undefined ? {} : { description }),
    ...mapped(name, metadata, mapping),
  };
}

function mapped(
  name: string,
  metadata: JsonRecord,
  mapping: ColumnMappingMode,
): Pick<Column, "physicalName" | "fieldId"> {
  if (mapping === "none") return {};
  const physicalName = required(metadata, "delta.columnMapping.physicalName", "string");
  return {
    ...(physicalName === name ? {} : { physicalName }),
    ...(mapping === "id"
      ? { fieldId: required(metadata, "delta.columnMapping.id", "number") }
      : {}),
  };
}

function parseType(type: unknown, context: ColumnsContext): ColumnType {
  if (typeof type === "string" && isPrimitiveType(type)) return type;
  if (context.path.length > maxDepth) throw new TypeError("the schema is nested too deep");
  const inner = (part: string) => ({ ...context, path: [...context.path, part] });
  if (!isRecord(type)) throw unsupported(type, context);
  switch (type["type"]) {
    case "struct":
      return { type: "struct", fields: parseColumns(type, context) };
    case "array":
      return {
        type: "array",
        elementType: parseType(type["elementType"], inner("element")),
        containsNull: optional(type, "containsNull", "boolean") ?? true,
      };
    case "map":
      return {
        type: "map",
        keyType: parseType(type["keyType"], inner("key")),
        valueType: parseType(type["valueType"], inner("value")),
        valueContainsNull: optional(type, "valueContainsNull", "boolean") ?? true,
      };
    default:
      throw unsupported(type["type"], context);
  }
}

function unsupported(type: unknown, context: ColumnsContext): EcapError {
  const message = `Column ${where(context)} has the type ${String(type)}`;
  return new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: where(context), received: type });
}

function where({ path }: ColumnsContext): string {
  return path.length === 0 ? "the schema" : path.join(".");
}

/** The column in the JSON form of the protocol. */
export function columnToJson(column: Column): JsonRecord {
  const { name, type, nullable = true, description, physicalName, fieldId } = column;
  const metadata = {
    ...(description === undefined ? {} : { comment: description }),
    ...(physicalName === undefined ? {} : { "delta.columnMapping.physicalName": physicalName }),
    ...(fieldId === undefined ? {} : { "delta.columnMapping.id": fieldId }),
  };
  return { name, type: typeToJson(type), nullable, metadata };
}

function typeToJson(type: ColumnType): unknown {
  if (typeof type === "string") return type;
  if (type.type === "struct") return { type: "struct", fields: type.fields.map(columnToJson) };
  if (type.type === "array") return { ...type, elementType: typeToJson(type.elementType) };
  return { ...type, keyType: typeToJson(type.keyType), valueType: typeToJson(type.valueType) };
}

export function isPrimitiveType(type: string): type is PrimitiveType {
  const decimal = decimalSize(type);
  return primitiveTypes.has(type) || (decimal !== undefined && decimal.scale <= decimal.precision);
}

/** The type as people write it, for messages. */
export function typeName(type: ColumnType): string {
  return typeof type === "string" ? type : JSON.stringify(typeToJson(type));
}
