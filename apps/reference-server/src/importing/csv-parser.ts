import { EcapError } from "@ecap/sdk";

export interface CsvParser {
  /** The rows that are whole by this piece of text. */
  push(text: string): string[][];
  /** The last row, where no line end follows it. */
  end(): string[][];
}

const maxRowLength = 16 << 20;

/**
 * Reads CSV as RFC 4180 has it: cells between commas, in quotes where they hold commas, line ends or (doubled) quotes. A row has the cells its line has, be
 * they more or fewer than the columns. Empty lines are no rows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function createCsvParser(path: string): CsvParser {
  let rest = "";

  function take(text: string): string[][] {
    const rows: string[][] = [];
    let at = 0;
    let quote = text.indexOf('"');
    for (;;) {
      const lineEnd = text.indexOf("\n", at);
      if (lineEnd < 0) break;
      if (quote >= 0 && quote < at) quote = text.indexOf('"', at);
      if (quote < 0 || quote > lineEnd) {
        const line = withoutReturn(text.slice(at, lineEnd));
        if (line !== "") rows.push(line.split(","));
        at = lineEnd + 1;
      } else {
        const row = quotedRow(text, at);
        if (row === undefined) break;
        rows.push(row.cells);
        at = row.end;
      }
    }
    rest = text.slice(at);
    if (rest.length > maxRowLength) throw unclosed(path);
    return rows;
  }

  return {
    push: (text) => take(rest + text),
    end() {
      const rows = rest === "" ? [] : take(`${rest}\n`);
      if (rest !== "") throw unclosed(path);
      return rows;
    },
  };
}

/** A row with a quote in it; undefined where its end is not there yet. */
function quotedRow(
  text: string,
  start: number,
): { readonly cells: string[]; readonly end: number } | undefined {
  const cells: string[] = [];
  let at = start;
  for (;;) {
    let cell = "";
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1);
      if (close === undefined) return undefined;
      cell = text.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
    }
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd < 0) return undefined;
    const comma = text.indexOf(",", at);
    if (comma >= 0 && comma < lineEnd) {
      cells.push(cell + text.slice(at, comma));
      at = comma + 1;
    } else {
      cells.push(cell + withoutReturn(text.slice(at, lineEnd)));
      return { cells, end: lineEnd + 1 };
    }
  }
}

function closingQuote(text: string, from: number): number | undefined {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at < 0 ? undefined : at;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function unclosed(path: string): EcapError {
  return new EcapError("ECAP_FILE_UNREADABLE", `"${path}" has a quote that is never closed`);
}
