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
  tableFromIPC,
  Utf8,
} from "apache-arrow";
import { buildColumn } from "../columns/build-column.ts";
import { toIpc } from "../columns/build-file.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import { type Action, encodePath, parseAction } from "./actions.ts";

/** A classic (V1) checkpoint of the actions. */
export async function writeCheckpoint(
  codec: ParquetCodec,
  actions: readonly Action[],
): Promise<Uint8Array> {
  const columns = [
    structColumn(
      "txn",
      actions.map((a) => ("txn" in a ? a.txn : undefined)),
      (txn) => [
        text("appId", txn, (t) => t.appId),
        long("version", txn, (t) => t.version),
        long("lastUpdated", txn, (t) => t.lastUpdated),
      ],
    ),
    structColumn(
      "add",
      actions.map((a) => ("add" in a ? a.add : undefined)),
      (add) => [
        text("path", add, (t) => encodePath(t.path)),
        mapping("partitionValues", add, (t) => t.partitionValues),
        long("size", add, (t) => t.size),
        long("modificationTime", add, (t) => t.modificationTime),
        flag("dataChange", add, (t) => t.dataChange),
        text("stats", add, (t) => t.stats),
        mapping("tags", add, (t) => t.tags),
      ],
    ),
    structColumn(
      "remove",
      actions.map((a) => ("remove" in a ? a.remove : undefined)),
      (remove) => [
        text("path", remove, (t) => encodePath(t.path)),
        long("deletionTimestamp", remove, (t) => t.deletionTimestamp),
        flag("dataChange", remove, (t) => t.dataChange),
      ],
    ),
    structColumn(
      "metaData",
      actions.map((a) => ("metaData" in a ? a.metaData : undefined)),
      (meta) => [
        text("id", meta, (t) => t.id),
        text("name", meta, (t) => t.name),
        text("description", meta, (t) => t.description),
        structColumn("format", meta, (format) => [
          text("provider", format, () => "parquet"),
          mapping("options", format, () => ({})),
        ]),
        text("schemaString", meta, (t) => t.schemaString),
        names("partitionColumns", meta, (t) => t.partitionColumns),
        mapping("configuration", meta, (t) => t.configuration),
        long("createdTime", meta, (t) => t.createdTime),
      ],
    ),
    structColumn(
      "protocol",
      actions.map((a) => ("protocol" in a ? a.protocol : undefined)),
      (protocol) => [
        whole("minReaderVersion", protocol, (t) => t.minReaderVersion),
        whole("minWriterVersion", protocol, (t) => t.minWriterVersion),
        names("readerFeatures", protocol, (t) => t.readerFeatures),
        names("writerFeatures", protocol, (t) => t.writerFeatures),
      ],
    ),
  ];
  const ipc = toIpc(
    columns.map((c) => c.field),
    actions.length,
    columns.map((c) => c.data),
  );
  return codec.write(ipc, []);
}

/** The actions of one classic checkpoint file. Throws a TypeError where they are not what the protocol says. */
export async function readCheckpoint(codec: ParquetCodec, bytes: Uint8Array): Promise<Action[]> {
  const table = tableFromIPC(await codec.read(bytes));
  return table.schema.fields.flatMap((field, at) => {
    const column = table.getChildAt(at);
    const parts: unknown = field.type.children;
    if (!column || !Array.isArray(parts)) return [];
    const children = parts.flatMap((part: Field, i) => {
      const values = unusedParts.has(part.name) ? null : column.getChildAt(i);
      return values ? [{ name: part.name, values }] : [];
    });
    const actions: Action[] = [];
    for (let i = 0; i < table.numRows; i++) {
      if (!column.isValid(i)) continue;
      const entries = children.map(({ name, values }) => [name, plain(values.get(i))]);
      const action = parseAction({ [field.name]: Object.fromEntries(entries) });
      if (action) actions.push(action);
    }
    return actions;
  });
}

/** Copies of statistics and partition values in another form. */
const unusedParts = new Set(["stats_parsed", "partitionValues_parsed"]);

/** An Arrow value as JSON would have it. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return undefined;
  const json: unknown =
    "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value;
  if (Array.isArray(json)) return json.map(plain);
  return Object.fromEntries(Object.entries(json ?? {}).map(([key, part]) => [key, plain(part)]));
}

interface NamedColumn {
  readonly field: Field;
  readonly data: Data;
}
type Values<T> = ReadonlyArray<T | undefined>;

function structColumn<T>(
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

const text = <T>(name: string, values: Values<T>, pick: (value: T) => string | undefined) =>
  plainColumn(name, "string")(values, pick);
const long = <T>(name: string, values: Values<T>, pick: (value: T) => number | undefined) =>
  plainColumn(name, "long")(values, pick);
const whole = <T>(name: string, values: Values<T>, pick: (value: T) => number | undefined) =>
  plainColumn(name, "integer")(values, pick);
const flag = <T>(name: string, values: Values<T>, pick: (value: T) => boolean) =>
  plainColumn(name, "boolean")(values, pick);

function names<T>(
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

function mapping<T>(
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
