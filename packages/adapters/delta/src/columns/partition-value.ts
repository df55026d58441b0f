import { type Cell, type Column, EcapError } from "@ecap/sdk";
import { decimalSize } from "../format/decimal-size.ts";
import { decimalText, scaledDecimal } from "./decimal-column.ts";
import { epochDays, toMicros } from "./number-column.ts";

/** Longest folder name a value may give; file systems end at 255 bytes with the column's name. */
const maxEncodedLength = 180;

/** A cell as the log keeps partition values; null for NULL; undefined where the cell does not fit the column. */
export function partitionValue(column: Column, cell: Cell): string | null | undefined {
  if (cell === null || cell === undefined) return column.nullable === false ? undefined : null;
  const decimal = decimalSize(column.type);
  if (decimal) {
    const scaled = typeof cell === "string" ? scaledDecimal(cell, decimal) : undefined;
    return scaled === undefined ? undefined : decimalText(scaled, decimal.scale);
  }
  switch (column.type) {
    case "string":
      // The protocol reads an empty partition value as NULL, so an empty string cannot be kept.
      return typeof cell === "string" && cell !== "" ? cell : undefined;
    case "date":
      return typeof cell === "string" && epochDays(cell) !== undefined ? cell : undefined;
    case "boolean":
      return typeof cell === "boolean" ? String(cell) : undefined;
    case "integer":
      return typeof cell === "number" && (cell | 0) === cell ? String(cell) : undefined;
    case "long":
      return typeof cell === "bigint" || Number.isSafeInteger(cell) ? String(cell) : undefined;
    case "double":
      return typeof cell === "number" && Number.isFinite(cell) ? String(cell) : undefined;
    case "timestamp":
      return typeof cell === "number" || typeof cell === "bigint"
        ? timestampValue(cell)
        : undefined;
    case "binary":
    case "byte":
    case "short":
    case "float":
    case "timestamp_ntz":
    case "void":
    default:
      return undefined;
  }
}

/** UTC with microseconds, as in `2026-01-31T10:00:00.000000Z`. */
function timestampValue(cell: number | bigint): string | undefined {
  if (typeof cell === "number" && !Number.isFinite(cell)) return undefined;
  const micros = BigInt(toMicros(cell));
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  const date = new Date(Number(seconds) * 1000);
  if (!(date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999)) return undefined;
  const fraction = String(micros - seconds * 1_000_000n).padStart(6, "0");
  return `${date.toISOString().slice(0, 19)}.${fraction}Z`;
}

/** The folder of a partition, as in `tenant=acme/date=2026-01-01/`. Values are percent-encoded, so any text is a safe name. */
export function partitionFolder(values: Readonly<Record<string, string | null>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const encoded = value === null ? "__HIVE_DEFAULT_PARTITION__" : encodeValue(value);
      if (encoded.length > maxEncodedLength) {
        throw new EcapError("ECAP_TABLE_SCHEMA", `Column ${name}: too long to partition by`, {
          path: name,
        });
      }
      return `${encodeURIComponent(name)}=${encoded}/`;
    })
    .join("");
}

function encodeValue(value: string): string {
  return [...new TextEncoder().encode(value)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[\w.-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
