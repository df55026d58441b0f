import { setImmediate } from "node:timers/promises";
import type { FileColumn } from "@ecap/sdk";
import {
  Field,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from "apache-arrow";
import { buildColumn } from "./build-column.ts";
import type { BuiltColumn, RowGroup } from "./built-column.ts";

export interface BuiltFile {
  /** The columns as an Arrow IPC stream of one batch. */
  readonly ipc: Uint8Array;
  /** Columns that hardly repeat a value. */
  readonly distinct: readonly string[];
  /** Statistics as the JSON text of an add action. */
  readonly stats: string;
}

/** From this many rows on, other work of the process, such as a decision on a payment, gets its turn after every column. */
const rowsPerTurn = 500;

/** The columns of a data file, in the order given, and their statistics. */
export async function buildFile(
  columns: readonly FileColumn[],
  group: RowGroup,
): Promise<BuiltFile> {
  const built: BuiltColumn[] = [];
  for (const column of columns) {
    built.push(buildColumn(column, group));
    if (group.rows.length >= rowsPerTurn) await setImmediate();
  }
  const fields = columns.flatMap((column, i) => (built[i] ? [fileField(column, built[i])] : []));
  return {
    ipc: toIpc(
      fields,
      group.rows.length,
      built.map((column) => column.data),
    ),
    distinct: columns.filter((column) => isDistinct(column, group)).map(storedName),
    stats: statistics(columns, built, group.rows.length),
  };
}

const storedName = ({ name, physicalName = name }: FileColumn) => physicalName;

function fileField(column: FileColumn, { data }: BuiltColumn): Field {
  const ids = column.id === undefined ? [] : [["PARQUET:field_id", String(column.id)] as const];
  return new Field(storedName(column), data.type, column.nullable ?? true, new Map(ids));
}

/** Cells looked at to find out whether a column repeats its values. */
const sampleSize = 32;

function isDistinct({ name, type }: FileColumn, { rows }: RowGroup): boolean {
  if (type === "boolean" || rows.length < sampleSize) return false;
  const step = Math.floor(rows.length / sampleSize);
  const sample = new Set<unknown>();
  for (let i = 0; i < sampleSize; i++) sample.add(rows[i * step]?.[name]);
  return sample.size > sampleSize * 0.9;
}

export function toIpc(
  fields: readonly Field[],
  length: number,
  children: ReadonlyArray<BuiltColumn["data"]>,
): Uint8Array {
  const struct = makeData({
    type: new Struct([...fields]),
    length,
    nullCount: 0,
    children: [...children],
  });
  const batch = new RecordBatch(new Schema([...fields]), struct);
  return RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true);
}

/** Bounds are JSON texts already, so decimals and long integers keep every digit. */
function statistics(
  columns: readonly FileColumn[],
  built: readonly BuiltColumn[],
  rows: number,
): string {
  const object = (text: (column: BuiltColumn) => string | undefined) => {
    const entries = columns.flatMap((column, i) => {
      const value = built[i] && text(built[i]);
      return value === undefined ? [] : [`${JSON.stringify(storedName(column))}:${value}`];
    });
    return `{${entries.join(",")}}`;
  };
  return `{"numRecords":${rows},"minValues":${object((column) => column.min)},"maxValues":${object((column) => column.max)},"nullCount":${object((column) => String(column.nullCount))}}`;
}
