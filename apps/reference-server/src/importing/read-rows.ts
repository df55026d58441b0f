import { createReadStream, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { EcapError } from "@ecap/sdk";
import { createCsvParser } from "./csv-parser.ts";

/** A row of a file: a value for each column of {@link RowReader.columns}, in their order. */
export type FileRow = readonly string[];

export interface RowReader {
  readonly columns: readonly string[];
  /** Batches of rows, in file order. A broken or cut file is ECAP_FILE_UNREADABLE, after the rows before the break. */
  readonly batches: AsyncIterable<readonly FileRow[]>;
  /** Share of the file that was read, from 0 to 1. */
  progress(): number;
}

export type FileFormat = "csv" | "ndjson" | "parquet";

/** Opens a CSV, NDJSON or Parquet file, plain or gzipped. */
export async function readRows(path: string, given?: FileFormat): Promise<RowReader> {
  if (!existsSync(path)) throw new EcapError("ECAP_FILE_UNREADABLE", `there is no file "${path}"`);
  const format = given ?? formatOf(path);
  if (format === "parquet") return parquetRows(path);
  const source = await openText(path);
  return format === "csv" ? csvRows(path, source) : ndjsonRows(path, source);
}

export function formatOf(path: string): FileFormat {
  const name = path.replace(/\.gz$/, "");
  if (name.endsWith(".csv") || name.endsWith(".txt")) return "csv";
  if (name.endsWith(".ndjson") || name.endsWith(".jsonl")) return "ndjson";
  if (name.endsWith(".parquet")) return "parquet";
  throw new EcapError(
    "ECAP_FILE_UNREADABLE",
    `"${path}" ends as none of .csv, .ndjson, .jsonl, .parquet (or with .gz); name its format in the mapping`,
  );
}

interface TextSource {
  readonly chunks: AsyncIterable<string>;
  progress(): number;
}

async function openText(path: string): Promise<TextSource> {
  const file = await open(path);
  const magic = Buffer.alloc(2);
  await file.read(magic, 0, 2, 0);
  const { size } = await file.stat();
  await file.close();
  const raw = createReadStream(path, { highWaterMark: 1 << 20 });
  const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const plain = isGzip ? raw.pipe(createGunzip({ chunkSize: 1 << 20 })) : raw;
  raw.on("error", (error) => plain.destroy(error));
  async function* chunks(): AsyncGenerator<string> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    try {
      for await (const bytes of plain) yield decoder.decode(bytes as Uint8Array, { stream: true });
      yield decoder.decode();
    } catch (cause) {
      throw new EcapError(
        "ECAP_FILE_UNREADABLE",
        `"${path}" is broken or cut short: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  }
  return { chunks: chunks(), progress: () => (size === 0 ? 1 : raw.bytesRead / size) };
}

async function csvRows(path: string, source: TextSource): Promise<RowReader> {
  const found = csvBatches(path, source.chunks);
  const first = await found.next();
  if (first.done === true) throw new EcapError("ECAP_FILE_UNREADABLE", `"${path}" is empty`);
  const [columns = [], ...rows] = first.value;
  async function* batches(): AsyncGenerator<readonly FileRow[]> {
    if (rows.length > 0) yield rows;
    yield* found;
  }
  return { columns, batches: batches(), progress: () => source.progress() };
}

async function* csvBatches(path: string, chunks: AsyncIterable<string>): AsyncGenerator<FileRow[]> {
  const parser = createCsvParser(path);
  for await (const chunk of chunks) {
    const rows = parser.push(chunk);
    if (rows.length > 0) yield rows;
  }
  const last = parser.end();
  if (last.length > 0) yield last;
}

/** The columns of NDJSON are the members of its first line. */
async function ndjsonRows(path: string, source: TextSource): Promise<RowReader> {
  const lines = linesOf(source.chunks);
  const first = await lines.next();
  if (first.done === true) throw new EcapError("ECAP_FILE_UNREADABLE", `"${path}" is empty`);
  const columns = Object.keys(parseLine(path, first.value, 1));
  const toRow = (object: Readonly<Record<string, unknown>>): FileRow =>
    columns.map((column) => textOf(object[column]));
  async function* batches(): AsyncGenerator<readonly FileRow[]> {
    let rows: FileRow[] = [toRow(parseLine(path, first.value ?? "", 1))];
    let number = 1;
    for await (const line of { [Symbol.asyncIterator]: () => lines }) {
      number += 1;
      if (line.trim() === "") continue;
      rows.push(toRow(parseLine(path, line, number)));
      if (rows.length >= 5_000) {
        yield rows;
        rows = [];
      }
    }
    if (rows.length > 0) yield rows;
  }
  return { columns, batches: batches(), progress: () => source.progress() };
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest.trim() !== "") yield rest;
}

function parseLine(path: string, line: string, number: number): Readonly<Record<string, unknown>> {
  const problem = `line ${number} of "${path}" is no JSON object`;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new EcapError("ECAP_FILE_UNREADABLE", problem);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new EcapError("ECAP_FILE_UNREADABLE", problem);
  return value as Readonly<Record<string, unknown>>;
}

async function parquetRows(path: string): Promise<RowReader> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import(
    "hyparquet"
  );
  const unreadable = (cause: unknown): EcapError =>
    new EcapError(
      "ECAP_FILE_UNREADABLE",
      `"${path}" is no whole Parquet file: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = metadata.schema
      .slice(1)
      .flatMap((element) => (element.num_children === undefined ? [element.name] : []));
    const total = Number(metadata.num_rows);
    let read = 0;
    async function* batches(): AsyncGenerator<readonly FileRow[]> {
      while (read < total) {
        const rowEnd = Math.min(total, read + 50_000);
        const objects = await parquetReadObjects({ file, metadata, rowStart: read, rowEnd }).catch(
          (cause: unknown) => {
            throw unreadable(cause);
          },
        );
        read = rowEnd;
        yield objects.map((object) => columns.map((column) => textOf(object[column])));
      }
    }
    return { columns, batches: batches(), progress: () => (total === 0 ? 1 : read / total) };
  } catch (cause) {
    throw cause instanceof EcapError ? cause : unreadable(cause);
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object") return JSON.stringify(value);
  return typeof value === "string" ? value : `${value as number | bigint | boolean}`;
}
