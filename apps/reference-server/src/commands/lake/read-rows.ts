import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Cell, type Column, EcapError, type Row, type TableSchema } from "@ecap/sdk";

/** Rows of one part. */
const rowsAtOnce = 10_000;

/** The rows in a file of JSON lines as they are read, in the values that columns of the table take: times also as ISO text, bytes as base64. */
export async function* readRows(
  file: string,
  { columns }: TableSchema,
): AsyncGenerator<readonly Row[]> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  const converted = columns.filter(({ type }) => type === "timestamp" || type === "binary");
  let rows: Row[] = [];
  let read = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === "") continue;
    rows.push(convert(parse(line, read++), converted));
    if (rows.length < rowsAtOnce) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

function parse(line: string, index: number): Record<string, Cell> {
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === "object" && row !== null && !Array.isArray(row)) {
      return row as Record<string, Cell>;
    }
  } catch {
    // Said below.
  }
  throw new EcapError("ECAP_TABLE_SCHEMA", `Row ${index} is not a JSON object on one line`);
}

function convert(row: Record<string, Cell>, columns: readonly Column[]): Row {
  const changed = columns.flatMap(({ name, type }) => {
    const cell = row[name];
    if (typeof cell !== "string") return [];
    return [[name, type === "binary" ? Buffer.from(cell, "base64") : Date.parse(cell)] as const];
  });
  return changed.length === 0 ? row : { ...row, ...Object.fromEntries(changed) };
}
