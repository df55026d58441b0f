import type { Column, ColumnType } from "@ecap/sdk";
import type { LaidField, Layout } from "./file-layout.ts";
import { cast, name, text } from "./sql.ts";

/** A column of the schema as SQL over a file's own columns: renamed, widened, NULL where the file lacks it, and so within nested types. */
export function columnExpression(column: Column, fields: readonly LaidField[]): string {
  const held = heldField(column, fields);
  return held ? valueOf(name(held.name), column.type, held.layout, 0) : cast("NULL", column.type);
}

/** Where the schema gives field ids, these find the field; else its name, by its letters alone where that is not there as written. */
function heldField(
  { name: logical, physicalName = logical, fieldId }: Column,
  fields: readonly LaidField[],
): LaidField | undefined {
  if (fieldId !== undefined) return fields.find((field) => field.id === fieldId);
  const letters = physicalName.toLowerCase();
  return (
    fields.find((field) => field.name === physicalName) ??
    fields.find((field) => field.name.toLowerCase() === letters)
  );
}

function valueOf(source: string, type: ColumnType, layout: Layout, depth: number): string {
  if (type === "void") return cast("NULL", type);
  if (typeof type === "string" || isAsWanted(type, layout)) return cast(source, type);
  const variable = `x${depth}`;
  const inner = (part: string, partType: ColumnType, partLayout: Layout) =>
    valueOf(part, partType, partLayout, depth + 1);
  if (type.type === "struct" && layout.kind === "struct") {
    const parts = type.fields.map((field) => {
      const held = heldField(field, layout.fields);
      const value = held
        ? inner(`struct_extract(${source}, ${text(held.name)})`, field.type, held.layout)
        : cast("NULL", field.type);
      return `${name(field.name)} := ${value}`;
    });
    return `CASE WHEN ${source} IS NULL THEN NULL ELSE struct_pack(${parts.join(", ")}) END`;
  }
  if (type.type === "array" && layout.kind === "list") {
    const element = inner(variable, type.elementType, layout.element);
    return `list_transform(${source}, lambda ${variable}: ${element})`;
  }
  if (type.type === "map" && layout.kind === "map") {
    const key = inner(`${variable}.key`, type.keyType, layout.key);
    const value = inner(`${variable}.value`, type.valueType, layout.value);
    return `map_from_entries(list_transform(map_entries(${source}), lambda ${variable}: struct_pack("key" := ${key}, "value" := ${value})))`;
  }
  // What is left does not fit, and the cast says so.
  return cast(source, type);
}

/** Whether the parts have the names and order of the type, so that a cast, which widens, is all it takes. */
function isAsWanted(type: ColumnType, layout: Layout): boolean {
  if (typeof type === "string") return type !== "void";
  if (type.type === "struct") {
    return (
      layout.kind === "struct" &&
      layout.fields.length === type.fields.length &&
      type.fields.every((field, i) => {
        const held = heldField(field, layout.fields);
        return (
          held !== undefined &&
          held === layout.fields[i] &&
          held.name === field.name &&
          isAsWanted(field.type, held.layout)
        );
      })
    );
  }
  if (type.type === "array") {
    return layout.kind === "list" && isAsWanted(type.elementType, layout.element);
  }
  return (
    layout.kind === "map" &&
    isAsWanted(type.keyType, layout.key) &&
    isAsWanted(type.valueType, layout.value)
  );
}
