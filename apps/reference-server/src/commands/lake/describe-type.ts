import type { Column, ColumnType } from "@ecap/sdk";

/** The type as SQL of the lakehouse writes it, as in `array<struct<id: long>>`. */
export function describeType(type: ColumnType): string {
  if (typeof type === "string") return type;
  if (type.type === "struct") return `struct<${type.fields.map(describeField).join(", ")}>`;
  if (type.type === "array") return `array<${describeType(type.elementType)}>`;
  return `map<${describeType(type.keyType)}, ${describeType(type.valueType)}>`;
}

function describeField({ name, type }: Column): string {
  return `${name}: ${describeType(type)}`;
}
