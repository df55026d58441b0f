import { isEcapError } from "@ecap/sdk";

/** Where a command writes. With `--json` exactly one JSON document goes to stdout and nothing else. */
export interface Output {
  readonly json: boolean;
  /** The command's result: the document, or the text made of it. */
  result(document: unknown, text: () => string): void;
  /** A line beside the result, on stderr. */
  note(line: string): void;
  /** Redraws a progress line on a terminal; nothing elsewhere. */
  progress(share: number, line: string): void;
  endProgress(): void;
}

const barWidth = 30;

export function createOutput(json: boolean): Output {
  const draws = process.stderr.isTTY && !json;
  let drawn = false;
  const endProgress = (): void => {
    if (drawn) process.stderr.write("\n");
    drawn = false;
  };
  return {
    json,
    result(document, text) {
      endProgress();
      process.stdout.write(json ? `${JSON.stringify(document, undefined, 2)}\n` : `${text()}\n`);
    },
    note(line) {
      endProgress();
      if (!json) process.stderr.write(`${line}\n`);
    },
    progress(share, line) {
      if (!draws) return;
      const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
      process.stderr.write(`\r[${"█".repeat(full)}${"·".repeat(barWidth - full)}] ${line}\u001b[K`);
      drawn = true;
    },
    endProgress,
  };
}

/** One clear line for a person, or a JSON document on stdout for a machine; the exit code is 1. */
export function reportFailure(error: unknown, json: boolean): void {
  const known = isEcapError(error) ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ error: { code: known?.code ?? "ECAP_INTERNAL", message, help: known?.help } })}\n`,
    );
  else
    process.stderr.write(
      `ecap: ${message}${known === undefined ? "" : `\n      ${known.help} [${known.code}]`}\n`,
    );
  process.exitCode = 1;
}

/** Rows as an aligned table. */
export function formatTable(rows: ReadonlyArray<Readonly<Record<string, unknown>>>): string {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return "(no rows)";
  const cells = rows.map((row) => columns.map((column) => cellText(row[column])));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const line = (values: readonly string[]): string =>
    values
      .map((value, index) => value.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(columns), line(widths.map((width) => "─".repeat(width))), ...cells.map(line)].join(
    "\n",
  );
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object") return JSON.stringify(value);
  return typeof value === "string" ? value : `${value as number | bigint | boolean}`;
}
