import type { ColumnType } from "@ecap/sdk";
import type { AddAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import type { Definition } from "./table-fields.ts";

/** Tells the partition of a file from others, however its writer spells the values. */
export function partitionKey(definition: Definition, { partitionValues }: AddAction): string {
  const { columns, partitionBy = [] } = parseSchema(definition);
  const values = partitionBy.map((name) => {
    const column = columns.find((each) => each.name === name);
    const text = partitionValues[column?.physicalName ?? name];
    return text ? canonical(text, column?.type ?? "string") : null;
  });
  return JSON.stringify(values);
}

function canonical(text: string, type: ColumnType): string {
  if (typeof type !== "string") return text;
  if (type === "double" || type === "float") return String(Number(text));
  if (type.startsWith("decimal")) return withoutZeros(text);
  if (type === "timestamp" || type === "timestamp_ntz") {
    return withoutZeros(text.replace("T", " ").replace(/(?:Z|[+]00(?::00)?)$/, ""));
  }
  return text;
}

/** Without zeros that end a fraction. */
function withoutZeros(text: string): string {
  return text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}
