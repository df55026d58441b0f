import type { FileColumn } from "@ecap/sdk";
import type { MetaDataAction } from "../format/actions.ts";
import { isRecord, type JsonRecord, required } from "../format/json-fields.ts";
import { columnMappingMode } from "../format/protocol.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";

/** What a table is, apart from its rows. */
export type Definition = Pick<TableState, "protocol" | "metaData">;

/** A column as the schema's JSON has it, with all that other writers may have noted there. */
export interface SchemaField {
  readonly name: string;
  readonly type: unknown;
  readonly nullable: boolean;
  readonly metadata: JsonRecord;
}

export function schemaFields(metaData: MetaDataAction): readonly SchemaField[] {
  const root: unknown = JSON.parse(metaData.schemaString);
  const fields: unknown = isRecord(root) ? root["fields"] : undefined;
  if (!Array.isArray(fields)) throw new TypeError("schemaString is not a struct");
  return fields.map((field: unknown) => {
    if (!isRecord(field)) throw new TypeError("a field of the schema is not an object");
    return {
      name: required(field, "name", "string"),
      type: field["type"],
      nullable: field["nullable"] !== false,
      metadata: isRecord(field["metadata"]) ? field["metadata"] : {},
    };
  });
}

/** The columns of the table as data files have them, in order. */
export function fileColumns(definition: Definition): readonly FileColumn[] {
  const { columns } = parseSchema(definition);
  if (!isMapped(definition)) return columns;
  const fields = schemaFields(definition.metaData);
  return columns.map((column, i) => {
    const id = fields[i]?.metadata["delta.columnMapping.id"];
    return typeof id === "number" ? { ...column, id } : column;
  });
}

/** Whether data files know columns by names and ids of their own. */
export function isMapped({ protocol, metaData }: Definition): boolean {
  return columnMappingMode(protocol, metaData) !== "none";
}
