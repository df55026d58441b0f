import { once } from "node:events";
import { rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { duckdbTableReader, type ReadOptions, type TableReader } from "@ecap/adapter-duckdb";
import type { ResultRow, TableSnapshot } from "@ecap/sdk";
import { formatTable, type Output } from "../output.ts";
import type { OpenTable } from "./open-table.ts";
import { csvRows, jsonRows, type RowFormat } from "./row-format.ts";

export interface CatOptions extends ReadOptions {
  readonly csv?: boolean;
  /** A file to write instead of printing. */
  readonly parquet?: string;
}

/** Rows printed as a table where no limit is given: all of them would have to be held to align them. */
export const defaultTableRows = 100;

/** Prints a table's rows, or writes them to a file. However many there are, a part of them is in memory at a time. */
export async function cat(
  { objects }: OpenTable,
  snapshot: TableSnapshot,
  options: CatOptions,
  output: Output,
): Promise<void> {
  const file = options.parquet === undefined ? undefined : resolve(options.parquet);
  const outputDir = file && dirname(file);
  const reader = duckdbTableReader({ objects, ...(outputDir && { outputDir }) });
  try {
    if (file) await writeFile(reader, snapshot, file, options, output);
    else if (output.json || options.csv) {
      const columns = options.columns ?? snapshot.schema.columns.map((column) => column.name);
      const format = output.json ? jsonRows : csvRows;
      await printRows(format, columns, reader.rows(snapshot, options));
    } else await printTable(reader, snapshot, options, output);
  } finally {
    await reader.close();
  }
}

async function writeFile(
  reader: TableReader,
  snapshot: TableSnapshot,
  file: string,
  options: ReadOptions,
  output: Output,
): Promise<void> {
  try {
    const rows = await reader.writeParquet(snapshot, file, options);
    output.result({ file, rows }, () => `${rows.toLocaleString("en")} rows in ${file}`);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** Prints rows as they come, no faster than they are read. */
export async function printRows(
  format: RowFormat,
  columns: readonly string[],
  rows: AsyncIterable<readonly ResultRow[]>,
): Promise<void> {
  const { stdout } = process;
  // Whoever reads may have seen enough, as `head` does.
  const closed = new AbortController();
  const close = () => closed.abort();
  stdout.on("error", close);
  try {
    for await (const text of format(columns, rows)) {
      if (closed.signal.aborted) return;
      if (stdout.write(text)) continue;
      await once(stdout, "drain", { signal: closed.signal }).catch(() => {});
    }
    // An error of the last write comes a turn later.
    await setImmediate();
  } finally {
    stdout.off("error", close);
  }
}

async function printTable(
  reader: TableReader,
  snapshot: TableSnapshot,
  options: ReadOptions,
  output: Output,
): Promise<void> {
  const limit = options.limit ?? defaultTableRows;
  const rows: ResultRow[] = [];
  for await (const part of reader.rows(snapshot, { ...options, limit: limit + 1 })) {
    rows.push(...part);
  }
  output.result(rows, () => formatTable(rows.slice(0, limit)));
  if (options.limit === undefined && rows.length > limit) {
    output.note(`only the first ${limit} rows; --limit, --csv, --json or --parquet give more`);
  }
}
