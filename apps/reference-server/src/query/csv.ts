/** The first line of a CSV file. @see https://www.rfc-editor.org/rfc/rfc4180 */
export function csvHead(names: readonly string[]): string {
  return names.map(csvCell).join(",");
}

/** A row as a line; NULL is an empty cell, a list or a record JSON. */
export function csvRow(row: Readonly<Record<string, unknown>>, names: readonly string[]): string {
  return names.map((name) => csvCell(row[name])).join(",");
}

/** In quotes where it holds what ends a cell, and where it is empty, to tell it from NULL. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
