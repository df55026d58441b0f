import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { type Column, EcapError, type FileColumn, type ObjectStore, type Row } from "@ecap/sdk";
import { buildFile } from "../columns/build-file.ts";
import { type Partition, partitionRows } from "../columns/partition-rows.ts";
import { partitionFolder } from "../columns/partition-value.ts";
import type { AddAction } from "../format/actions.ts";
import { inOrder } from "../log/in-order.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import { type Definition, fileColumns } from "./table-fields.ts";

/** Rows of one data file. More make another file, which bounds the memory that encoding takes. */
const maxRowsPerFile = 100_000;
/** After this many rows other work of the process gets its turn. */
const rowsPerTurn = 1_000;

export interface WriteFilesOptions {
  readonly objects: ObjectStore;
  readonly codec: ParquetCodec;
  readonly root: string;
  readonly definition: Definition;
  readonly now: number;
}

export interface EncodedFile {
  readonly partition: Partition;
  readonly stats: string;
  readonly bytes: Promise<Uint8Array>;
}

/** Writes the rows as data files, one or more a partition. Every row is checked before the first file is written. */
export async function writeFiles(
  options: WriteFilesOptions,
  rows: readonly Row[],
): Promise<AddAction[]> {
  const { objects, codec, root, definition, now } = options;
  const layout = {
    columns: fileColumns(definition),
    partitionBy: definition.metaData.partitionColumns,
  };
  const encoded = await encodeFiles(layout, codec, rows);
  const written: string[] = [];
  try {
    return await inOrder(encoded, async ({ partition, stats, bytes }) => {
      const path = `${partitionFolder(partition.values)}part-00000-${randomUUID()}-c000.snappy.parquet`;
      const parquet = await bytes;
      written.push(root + path);
      await objects.put(root + path, parquet);
      return {
        path,
        partitionValues: partition.values,
        size: parquet.length,
        modificationTime: now,
        dataChange: true,
        stats,
      };
    });
  } catch (error) {
    await deleteQuietly(objects, written);
    throw error;
  }
}

/** Removes files that no commit names. Files that stay behind are invisible, and vacuum finds them. */
export async function deleteQuietly(objects: ObjectStore, keys: readonly string[]): Promise<void> {
  await inOrder(keys, (key) => objects.delete(key).catch(() => {}));
}

interface FileLayout {
  readonly columns: readonly FileColumn[];
  /** Names of columns, in order. */
  readonly partitionBy: readonly string[];
}

/** Encodes the rows, by partition, in files of a bounded size. */
export async function encodeFiles(
  layout: FileLayout,
  codec: ParquetCodec,
  rows: readonly Row[],
): Promise<EncodedFile[]> {
  checkNames(layout.columns, rows);
  const partitionBy = layout.partitionBy.flatMap(
    (name) => layout.columns.find((column) => column.name === name) ?? [],
  );
  const columns = layout.columns.filter((column) => !partitionBy.includes(column));
  const encoded: EncodedFile[] = [];
  let sinceTurn = 0;
  try {
    for (const partition of partitionRows(rows, partitionBy, maxRowsPerFile)) {
      partitionFolder(partition.values);
      const { ipc, distinct, stats } = await buildFile(columns, partition);
      const bytes = codec.write(ipc, distinct);
      bytes.catch(() => {});
      encoded.push({ partition, stats, bytes });
      sinceTurn += partition.rows.length;
      if (sinceTurn >= rowsPerTurn) {
        await setImmediate();
        sinceTurn = 0;
      }
    }
  } catch (error) {
    await Promise.allSettled(encoded.map((file) => file.bytes));
    throw error;
  }
  return encoded;
}

/** A property that is no column would be lost without a word, so it is refused. */
export function checkNames(columns: readonly Column[], rows: readonly Row[]): void {
  const names = new Set(columns.map((column) => column.name));
  // Rows of one maker name their properties in one order, and comparing with the row before is far cheaper than looking up.
  const before: string[] = [];
  for (const [index, row] of rows.entries()) {
    let at = 0;
    for (const name in row) {
      if (before[at] !== name) {
        if (!names.has(name)) {
          const message = `Row ${index}: the table has no column ${name}`;
          throw new EcapError("ECAP_TABLE_SCHEMA", message, { path: name });
        }
        before[at] = name;
      }
      at += 1;
    }
  }
}
