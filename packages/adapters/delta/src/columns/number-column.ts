import type { Cell, Column } from "@ecap/sdk";
import { Bool, DateDay, Float64, Int32, Int64, TimestampMicrosecond } from "apache-arrow";
import { type ColumnBuilder, cellError, type RowGroup, Validity } from "./built-column.ts";
import { Bounds, writeInt64 } from "./integers.ts";

const int64Limit = 2n ** 63n;
/** The range of a JavaScript Date, in milliseconds. */
const dateLimitMs = 8.64e15;

export const buildLong: ColumnBuilder = (column, group) => {
  const validity = new Validity(column, group);
  const words = new Int32Array(group.rows.length * 2);
  const bounds = new Bounds();
  forEachCell(column, group, validity, (cell, i) => {
    if (!isSafeInteger(cell) && !isInt64(cell)) throw cellError(column, group, i);
    writeInt64(words, i * 2, cell);
    bounds.add(cell);
  });
  const data = validity.data(new Int64(), new BigInt64Array(words.buffer));
  return { data, nullCount: validity.nullCount, ...bounds.texts(String) };
};

export const buildTimestamp: ColumnBuilder = (column, group) => {
  const validity = new Validity(column, group);
  const words = new Int32Array(group.rows.length * 2);
  const bounds = new Bounds();
  forEachCell(column, group, validity, (cell, i) => {
    if (!isDateMs(cell) && !isInt64(cell)) throw cellError(column, group, i);
    const micros = toMicros(cell);
    writeInt64(words, i * 2, micros);
    bounds.add(micros);
  });
  const data = validity.data(new TimestampMicrosecond("UTC"), new BigInt64Array(words.buffer));
  return { data, nullCount: validity.nullCount, ...bounds.texts(timestampText) };
};

/** Epoch microseconds of a timestamp cell. */
export function toMicros(cell: number | bigint): number | bigint {
  if (typeof cell === "bigint") return cell;
  const micros = Math.round(cell * 1000);
  return Number.isSafeInteger(micros) ? micros : BigInt(Math.round(cell)) * 1000n;
}

/** Statistics keep timestamps in whole milliseconds, rounded down, as the protocol says. */
function timestampText(micros: number | bigint): string | undefined {
  const milliseconds = Math.floor(Number(micros) / 1000);
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? JSON.stringify(date.toISOString()) : undefined;
}

export const buildInteger: ColumnBuilder = (column, group) => {
  const validity = new Validity(column, group);
  const values = new Int32Array(group.rows.length);
  const bounds = new Bounds();
  forEachCell(column, group, validity, (cell, i) => {
    if (typeof cell !== "number" || (cell | 0) !== cell) throw cellError(column, group, i);
    values[i] = cell;
    bounds.add(cell);
  });
  const data = validity.data(new Int32(), values);
  return { data, nullCount: validity.nullCount, ...bounds.texts(String) };
};

export const buildDouble: ColumnBuilder = (column, group) => {
  const validity = new Validity(column, group);
  const values = new Float64Array(group.rows.length);
  const bounds = new Bounds();
  let finite = true;
  forEachCell(column, group, validity, (cell, i) => {
    if (typeof cell !== "number") throw cellError(column, group, i);
    values[i] = cell;
    if (!Number.isFinite(cell)) finite = false;
    bounds.add(cell);
  });
  const data = validity.data(new Float64(), values);
  return { data, nullCount: validity.nullCount, ...(finite ? bounds.texts(String) : {}) };
};

export const buildBoolean: ColumnBuilder = (column, group) => {
  const validity = new Validity(column, group);
  const bits = new Uint8Array(Math.ceil(group.rows.length / 8));
  forEachCell(column, group, validity, (cell, i) => {
    if (typeof cell !== "boolean") throw cellError(column, group, i);
    if (cell) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return { data: validity.data(new Bool(), bits), nullCount: validity.nullCount };
};

export const buildDate: ColumnBuilder = (column, group) => {
  const validity = new Validity(column, group);
  const values = new Int32Array(group.rows.length);
  const bounds = new Bounds();
  let last: unknown;
  let days: number | undefined;
  forEachCell(column, group, validity, (cell, i) => {
    if (cell !== last) {
      days = typeof cell === "string" ? epochDays(cell) : undefined;
      last = cell;
    }
    if (days === undefined) throw cellError(column, group, i);
    values[i] = days;
    bounds.add(days);
  });
  const data = validity.data(new DateDay(), values);
  return { data, nullCount: validity.nullCount, ...bounds.texts(dateText) };
};

/** Days since 1970-01-01; undefined for what is not a date of the calendar. */
export function epochDays(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const days = Date.parse(`${text}T00:00:00Z`) / 86_400_000;
  return Number.isNaN(days) || dateText(days) !== `"${text}"` ? undefined : days;
}

function dateText(days: number | bigint): string {
  return JSON.stringify(new Date(Number(days) * 86_400_000).toISOString().slice(0, 10));
}

function isSafeInteger(cell: unknown): cell is number {
  return Number.isSafeInteger(cell);
}

function isDateMs(cell: unknown): cell is number {
  return typeof cell === "number" && Math.abs(cell) <= dateLimitMs;
}

function isInt64(cell: unknown): cell is bigint {
  return typeof cell === "bigint" && cell >= -int64Limit && cell < int64Limit;
}

function forEachCell(
  column: Column,
  { rows }: RowGroup,
  validity: Validity,
  take: (cell: NonNullable<Cell>, at: number) => void,
): void {
  for (let i = 0; i < rows.length; i++) {
    const cell = rows[i]?.[column.name];
    if (cell === null || cell === undefined) validity.setNull(i);
    else take(cell, i);
  }
}
