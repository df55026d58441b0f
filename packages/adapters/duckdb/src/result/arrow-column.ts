import type * as duckdb from "@duckdb/node-api";
import type { ResultCell } from "@ecap/sdk";
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  makeData,
  TimestampMicrosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from "apache-arrow";
import { resultCell } from "./result-cell.ts";

type Duckdb = typeof duckdb;
type Value = duckdb.DuckDBValue;
type Vector = duckdb.DuckDBVector;

/** How a column of a result becomes one of Arrow. */
export interface ArrowColumn {
  readonly type: DataType;
  /** The values of one chunk. */
  data(vector: Vector, length: number): Data;
}

/** What is no type of Arrow here (times, intervals, lists, structs, maps) becomes the text or the JSON that the port gives. */
export function arrowColumn(api: Duckdb, type: duckdb.DuckDBType): ArrowColumn {
  if (type instanceof api.DuckDBDecimalType) {
    return decimals(new Decimal(type.scale, type.width, 128), (value) =>
      value instanceof api.DuckDBDecimalValue ? value.value : 0n,
    );
  }
  const { DuckDBTypeId: id } = api;
  const columns = new Map<duckdb.DuckDBTypeId, () => ArrowColumn>([
    [id.BOOLEAN, () => bits()],
    [id.TINYINT, () => fixed(new Int8(), Int8Array, Number)],
    [id.SMALLINT, () => fixed(new Int16(), Int16Array, Number)],
    [id.INTEGER, () => fixed(new Int32(), Int32Array, Number)],
    [id.BIGINT, () => fixed(new Int64(), BigInt64Array, toBigInt)],
    [id.UTINYINT, () => fixed(new Uint8(), Uint8Array, Number)],
    [id.USMALLINT, () => fixed(new Uint16(), Uint16Array, Number)],
    [id.UINTEGER, () => fixed(new Uint32(), Uint32Array, Number)],
    [id.UBIGINT, () => fixed(new Uint64(), BigUint64Array, toBigInt)],
    [id.FLOAT, () => fixed(new Float32(), Float32Array, Number)],
    [id.DOUBLE, () => fixed(new Float64(), Float64Array, Number)],
    [id.DATE, () => fixed(new DateDay(), Int32Array, daysOf)],
    [id.TIMESTAMP, () => fixed(new TimestampMicrosecond(), BigInt64Array, microsOf)],
    [id.TIMESTAMP_TZ, () => fixed(new TimestampMicrosecond("UTC"), BigInt64Array, microsOf)],
    [id.HUGEINT, () => decimals(new Decimal(0, 38, 128), toBigInt)],
    [id.BLOB, () => sequences(new Binary(), bytesOf)],
  ]);
  const asText = (value: Value): Uint8Array => Buffer.from(textOf(resultCell(api, value)));
  return columns.get(type.typeId)?.() ?? sequences(new Utf8(), asText);
}

function toBigInt(value: Value): bigint {
  return typeof value === "bigint" ? value : BigInt(Number(value));
}

function daysOf(value: Value): number {
  return isObject(value) && "days" in value ? value.days : 0;
}

function microsOf(value: Value): bigint {
  return isObject(value) && "micros" in value ? value.micros : 0n;
}

function bytesOf(value: Value): Uint8Array {
  return isObject(value) && "bytes" in value ? value.bytes : new Uint8Array();
}

function textOf(cell: ResultCell): string {
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}

function isObject(
  value: Value,
): value is Exclude<Value, string | number | bigint | boolean | null> {
  return typeof value === "object" && value !== null;
}

interface Numbers<Item> extends ArrayBufferView {
  [at: number]: Item;
}

function fixed<Item extends number | bigint>(
  type: DataType,
  Items: new (length: number) => Numbers<Item>,
  itemOf: (value: Value) => Item,
): ArrowColumn {
  return {
    type,
    data(vector, length) {
      const items = new Items(length);
      const nulls = eachValue(vector, length, (value, at) => {
        items[at] = itemOf(value);
      });
      return arrowData(type, length, { data: items, ...nulls });
    },
  };
}

function bits(): ArrowColumn {
  const type = new Bool();
  return {
    type,
    data(vector, length) {
      const bytes = new Uint8Array(Math.ceil(length / 8));
      const nulls = eachValue(vector, length, (value, at) => {
        if (value === true) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (1 << (at & 7));
      });
      return arrowData(type, length, { data: bytes, ...nulls });
    },
  };
}

/** 128 bits a value, the low half first. */
function decimals(type: Decimal, itemOf: (value: Value) => bigint): ArrowColumn {
  return {
    type,
    data(vector, length) {
      const halves = new BigInt64Array(length * 2);
      const nulls = eachValue(vector, length, (value, at) => {
        const item = itemOf(value);
        halves[at * 2] = BigInt.asIntN(64, item);
        halves[at * 2 + 1] = item >> 64n;
      });
      return arrowData(type, length, { data: new Uint32Array(halves.buffer), ...nulls });
    },
  };
}

function sequences(type: DataType, itemOf: (value: Value) => Uint8Array): ArrowColumn {
  return {
    type,
    data(vector, length) {
      const parts: Uint8Array[] = [];
      const sizes = new Int32Array(length);
      const nulls = eachValue(vector, length, (value, at) => {
        const part = itemOf(value);
        parts.push(part);
        sizes[at] = part.length;
      });
      const valueOffsets = new Int32Array(length + 1);
      for (let at = 0; at < length; at++)
        valueOffsets[at + 1] = (valueOffsets[at] ?? 0) + (sizes[at] ?? 0);
      return arrowData(type, length, { data: Buffer.concat(parts), valueOffsets, ...nulls });
    },
  };
}

interface Nulls {
  readonly nullCount: number;
  readonly nullBitmap?: Uint8Array;
}

/** Visits the values that are not NULL, and says where the others are. */
function eachValue(
  vector: Vector,
  length: number,
  visit: (value: Value, at: number) => void,
): Nulls {
  let nullBitmap: Uint8Array | undefined;
  let nullCount = 0;
  for (let at = 0; at < length; at++) {
    const value = vector.getItem(at);
    if (value !== null) {
      visit(value, at);
      continue;
    }
    nullBitmap ??= new Uint8Array(Math.ceil(length / 8)).fill(255);
    nullBitmap[at >> 3] = (nullBitmap[at >> 3] ?? 0) & ~(1 << (at & 7));
    nullCount++;
  }
  return { nullCount, ...(nullBitmap && { nullBitmap }) };
}

function arrowData(type: DataType, length: number, buffers: object): Data {
  return makeData({ type, length, ...buffers } as Parameters<typeof makeData>[0]);
}
