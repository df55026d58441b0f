import type { Cell, Column, ColumnType, Row, TableSchema } from "../ports/table-store.ts";

/** Whether a table of the schema takes the row. Asked only of rows a table has refused: stores check for themselves. */
export function fits(row: Row, { columns }: TableSchema): boolean {
  const names = new Set(columns.map(({ name }) => name));
  return (
    columns.every((column) => cellFits(row[column.name], column)) &&
    Object.keys(row).every((name) => names.has(name))
  );
}

function cellFits(cell: Cell, { type, nullable = true }: Column): boolean {
  return cell === null || cell === undefined ? nullable : valueFits(cell, type);
}

function valueFits(value: NonNullable<Cell>, type: ColumnType): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "double":
      return typeof value === "number";
    case "integer":
      return typeof value === "number" && (value | 0) === value;
    case "long":
      return typeof value === "bigint" || Number.isSafeInteger(value);
    case "timestamp":
      return typeof value === "bigint" || (typeof value === "number" && Math.abs(value) <= 8.64e15);
    case "date":
      return typeof value === "string" && isDate(value);
    case "binary":
      return value instanceof Uint8Array;
    case "byte":
    case "short":
    case "float":
    case "timestamp_ntz":
    case "void":
      return false;
    default:
      return typeof value === "string" && typeof type === "string" && isDecimal(value, type);
  }
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isDecimal(text: string, type: string): boolean {
  const size = /^decimal\((\d+),\s*(\d+)\)$/.exec(type);
  if (!size) return false;
  const [precision, scale] = [Number(size[1]), Number(size[2])];
  const [, whole, fraction = ""] = /^-?0*(\d*?)(?:\.(\d+?)0*)?$/.exec(text) ?? [];
  return (
    /^-?\d+(\.\d+)?$/.test(text) &&
    whole !== undefined &&
    whole.length <= precision - scale &&
    fraction.replace(/0+$/, "").length <= scale
  );
}
