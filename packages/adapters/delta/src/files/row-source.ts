import type { Column, Row } from "@ecap/sdk";
import { type RecordBatch, RecordBatchStreamWriter } from "apache-arrow";
import { buildFile } from "../columns/build-file.ts";
import { checkBatch } from "../columns/check-batch.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import { checkNames } from "./write-files.ts";

/**
 * Rows given to an operation: all at once, or a part at a time, as rows or as Arrow record batches. Parts are taken as they are needed and kept
 * outside memory, by the table's engine. A batch may lack nullable columns.
 */
export type RowSource = readonly Row[] | RowStream;
export type RowStream = AsyncIterable<readonly Row[] | RecordBatch>;

export function isStream(rows: RowSource): rows is RowStream {
  return !Array.isArray(rows);
}

/** Parts are brought together, or cut, to about so many rows. */
const rowsAtOnce = 65_536;

export interface ParquetPart {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** The rows as Parquet files that are read soon and only once. */
export async function* parquetParts(
  codec: ParquetCodec,
  columns: readonly Column[],
  rows: RowStream,
): AsyncGenerator<ParquetPart> {
  let given: Row[] = [];
  let batches: RecordBatch[] = [];
  const encodeRows = async (part: readonly Row[]): Promise<ParquetPart> => {
    const { ipc } = await buildFile(columns, { rows: part, indexes: [] });
    return { bytes: await codec.write(ipc, "plain"), rows: part.length };
  };
  const encodeBatches = async (): Promise<ParquetPart> => {
    const ipc = RecordBatchStreamWriter.writeAll(batches).toUint8Array(true);
    const count = rowsOf(batches);
    batches = [];
    return { bytes: await codec.write(ipc, "plain"), rows: count };
  };
  for await (const part of rows) {
    if (isRows(part)) {
      checkNames(columns, part);
      for (const row of part) given.push(row);
      for (; given.length >= rowsAtOnce; given = given.slice(rowsAtOnce)) {
        yield encodeRows(given.slice(0, rowsAtOnce));
      }
      continue;
    }
    checkBatch(part.schema, columns);
    if (batches[0] && String(batches[0].schema) !== String(part.schema)) yield encodeBatches();
    batches.push(part);
    if (rowsOf(batches) >= rowsAtOnce) yield encodeBatches();
  }
  if (batches.length > 0) yield encodeBatches();
  if (given.length > 0) yield encodeRows(given);
}

function isRows(part: readonly Row[] | RecordBatch): part is readonly Row[] {
  return Array.isArray(part);
}

function rowsOf(batches: readonly RecordBatch[]): number {
  return batches.reduce((sum, batch) => sum + batch.numRows, 0);
}
