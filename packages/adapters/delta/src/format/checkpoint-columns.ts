import type { Row } from "@ecap/sdk";
import {
  Bool,
  type Data,
  type DataType,
  Field,
  Int32,
  Int64,
  List,
  Map_,
  makeData,
  Struct,
  Utf8,
} from "apache-arrow";
import { buildColumn } from "../columns/build-column.ts";

/** A column of a checkpoint: one value an action, undefined for NULL. */
export interface NamedColumn {
  readonly field: Field;
  readonly data: Data;
}
export type Values<T> = ReadonlyArray<T | undefined>;

export function structColumn<T>(
  name: string,
  values: Values<T>,
  children: (values: Values<T>) => readonly NamedColumn[],
): NamedColumn {
  const parts = children(values);
  const type = new Struct(parts.map((part) => part.field));
  const data = makeData({
    type,
    length: values.length,
    ...nulls(values),
    children: parts.map((part) => part.data),
  });
  return { field: new Field(name, type, true), data };
}

/** A column of a plain type, built as those of data files are. */
function plainColumn(name: string, type: "string" | "long" | "integer" | "boolean") {
  return <T>(values: Values<T>, pick: (value: T) => Row[string]): NamedColumn => {
    const rows = values.map((value) => ({ [name]: value === undefined ? null : pick(value) }));
    const { data } = buildColumn({ name, type }, { rows, indexes: [] });
    return { field: new Field(name, arrowTypes[type], true), data };
  };
}
const arrowTypes: Readonly<Record<"string" | "long" | "integer" | "boolean", DataType>> = {
  string: new Utf8(),
  long: new Int64(),
  integer: new Int32(),
  boolean: new Bool(),
};

export const text = <T>(name: string, values: Values<T>, pick: (value: T) => string | undefined) =>
  plainColumn(name, "string")(values, pick);
export const long = <T>(name: string, values: Values<T>, pick: (value: T) => number | undefined) =>
  plainColumn(name, "long")(values, pick);
export const whole = <T>(name: string, values: Values<T>, pick: (value: T) => number | undefined) =>
  plainColumn(name, "integer")(values, pick);
export const flag = <T>(name: string, values: Values<T>, pick: (value: T) => boolean | undefined) =>
  plainColumn(name, "boolean")(values, pick);

export function names<T>(
  name: string,
  values: Values<T>,
  pick: (value: T) => readonly string[] | undefined,
): NamedColumn {
  const lists = values.map((value) => (value === undefined ? undefined : pick(value)));
  const items = text(
    "element",
    lists.flatMap((list) => list ?? []),
    (item) => item,
  );
  const type = new List(items.field);
  return {
    field: new Field(name, type, true),
    data: makeData({
      type,
      length: lists.length,
      ...nulls(lists),
      valueOffsets: offsets(lists.map((list) => list?.length ?? 0)),
      child: items.data,
    }),
  };
}

export function mapping<T>(
  name: string,
  values: Values<T>,
  pick: (value: T) => Readonly<Record<string, string | null>> | undefined,
): NamedColumn {
  const maps = values.map((value) => {
    const map = value === undefined ? undefined : pick(value);
    return map && Object.entries(map);
  });
  const entries = maps.flatMap((map) => map ?? []);
  const key = text("key", entries, ([k]) => k);
  const value = text("value", entries, ([, v]) => v ?? undefined);
  const struct = new Struct<{ key: Utf8; value: Utf8 }>([
    new Field("key", new Utf8(), false),
    new Field("value", new Utf8(), true),
  ]);
  const type = new Map_<Utf8, Utf8>(new Field("key_value", struct, false));
  const child = makeData({
    type: struct,
    length: entries.length,
    nullCount: 0,
    children: [key.data, value.data],
  });
  return {
    field: new Field(name, type, true),
    data: makeData({
      type,
      length: maps.length,
      ...nulls(maps),
      valueOffsets: offsets(maps.map((map) => map?.length ?? 0)),
      child,
    }),
  };
}

function nulls(values: Values<unknown>): {
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array;
} {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  values.forEach((value, i) => {
    if (value === undefined) nullCount++;
    else nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return { nullCount, nullBitmap };
}

function offsets(lengths: readonly number[]): Int32Array {
  const all = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    all[i + 1] = (all[i] ?? 0) + length;
  });
  return all;
}
