import type { ResultCell, ResultRow } from "@ecap/sdk";

/** Rows as text, a part at a time. */
export type RowFormat = (
  columns: readonly string[],
  rows: AsyncIterable<readonly ResultRow[]>,
) => AsyncGenerator<string>;

/** One JSON array with a row a line. */
export async function* jsonRows(
  _columns: readonly string[],
  rows: AsyncIterable<readonly ResultRow[]>,
): AsyncGenerator<string> {
  let before = "[\n";
  for await (const part of rows) {
    yield before + part.map((row) => JSON.stringify(row)).join(",\n");
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/**
 * A line a row below one of names. NULL is nothing between the commas, an empty text is `""`; nested values are JSON.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export async function* csvRows(
  columns: readonly string[],
  rows: AsyncIterable<readonly ResultRow[]>,
): AsyncGenerator<string> {
  yield `${columns.map(csvCell).join(",")}\n`;
  for await (const part of rows) {
    yield part
      .map((row) => `${columns.map((column) => csvCell(row[column] ?? null)).join(",")}\n`)
      .join("");
  }
}

function csvCell(cell: ResultCell): string {
  if (cell === null) return "";
  const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
