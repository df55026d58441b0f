import {
  type Data,
  DataType,
  makeVector,
  type RecordBatch,
  tableFromIPC,
  type Vector,
} from "apache-arrow";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import type { Action } from "./actions.ts";
import { addReader, copies } from "./checkpoint-adds.ts";
import { parseAction } from "./parse-actions.ts";

/** The actions of one checkpoint or sidecar file in Parquet. Throws where they are not what the protocol says. */
export async function readParquetActions(
  codec: ParquetCodec,
  bytes: Uint8Array,
): Promise<Action[]> {
  const actions: Action[] = [];
  await codec.read(bytes, (ipc) => {
    for (const batch of tableFromIPC(ipc).batches) addActions(batch, actions);
  });
  return actions;
}

function addActions(batch: RecordBatch, actions: Action[]): void {
  for (const [at, { name }] of batch.schema.fields.entries()) {
    const column = batch.getChildAt(at);
    if (!column) continue;
    const cell = cellReader(column);
    const addOf = name === "add" ? addReader(column) : undefined;
    for (let row = 0; row < batch.numRows; row++) {
      if (!column.isValid(row)) continue;
      const add = addOf?.(row);
      const action = add ? { add } : parseAction({ [name]: cell(row) });
      if (action) actions.push(action);
    }
  }
}

/** A column's value in a row, as JSON would have it. */
type CellReader = (row: number) => unknown;

/** Reads a column of one batch. Arrow's own rows of maps and structs cost several times more. */
function cellReader(column: Vector): CellReader {
  const { type } = column;
  const [data] = column.data;
  if (!data || DataType.isBinary(type)) return () => undefined;
  if (DataType.isStruct(type)) return orNull(column, structReader(column));
  if (DataType.isMap(type)) return orNull(column, mapReader(data));
  if (DataType.isList(type)) return orNull(column, listReader(data));
  return (row) => {
    const value: unknown = column.get(row);
    return typeof value === "bigint" ? Number(value) : value;
  };
}

function orNull(column: Vector, cell: CellReader): CellReader {
  return (row) => (column.isValid(row) ? cell(row) : null);
}

function structReader({ type, data }: Vector): CellReader {
  const fields = DataType.isStruct(type) ? type.children : [];
  const parts = fields.flatMap(({ name }, i) => {
    const child = data[0]?.children[i];
    return child && !copies.has(name) ? [[name, cellReader(makeVector(child))] as const] : [];
  });
  return (row) => {
    const value: Record<string, unknown> = {};
    for (const [name, cell] of parts) value[name] = cell(row);
    return value;
  };
}

function mapReader(data: Data): CellReader {
  const [keys, values] = (data.children[0]?.children ?? []).map((part) =>
    cellReader(makeVector(part)),
  );
  return (row) =>
    Object.fromEntries(
      positions(data, row).map((at) => [String(keys?.(at)), values?.(at) ?? null]),
    );
}

function listReader(data: Data): CellReader {
  const child = data.children[0];
  const element: CellReader = child ? cellReader(makeVector(child)) : () => null;
  return (row) => positions(data, row).map(element);
}

/** Where the elements of a list, or the entries of a map, are in the child. */
function positions({ valueOffsets }: Data, row: number): number[] {
  const start = valueOffsets[row] ?? 0;
  return Array.from({ length: (valueOffsets[row + 1] ?? start) - start }, (_, i) => start + i);
}
