import { type Data, DataType, type Vector } from "apache-arrow";
import type { AddAction } from "./actions.ts";
import { decodePath } from "./data-path.ts";
import { DeferredText } from "./stored-text.ts";

/** Reads an add of a batch, without what hardly any has; undefined for a row that must be read in full. */
export type AddReader = (row: number) => AddAction | undefined;

/** Fields that are read here; a row with a value in any other is not. */
const usual = new Set([
  "path",
  "partitionValues",
  "size",
  "modificationTime",
  "dataChange",
  "stats",
]);

/** Copies of statistics and partition values in another form. */
export const copies: ReadonlySet<string> = new Set(["stats_parsed", "partitionValues_parsed"]);

/**
 * A reader of the adds in one column of a checkpoint, of which a table may have very many: types are looked at once a column instead of once a
 * value, equal partition values are one object, and statistics stay bytes until somebody asks. Undefined where types are not those expected.
 */
export function addReader({ type, data: [data] }: Vector): AddReader | undefined {
  if (!data || !DataType.isStruct(type)) return undefined;
  const children = new Map(type.children.map(({ name }, i) => [name, data.children[i]]));
  const [path, stats] = [children.get("path"), children.get("stats")].map(textColumn);
  const [size, time] = [children.get("size"), children.get("modificationTime")].map(wholeNumber);
  const partition = partitionReader(children.get("partitionValues"));
  const dataChange = flagReader(children.get("dataChange"));
  if (!path || !stats || !size || !time || !partition || !dataChange) return undefined;
  const others = [...children].flatMap(([name, child]) =>
    usual.has(name) || copies.has(name) || !child || child.nullCount === child.length
      ? []
      : [validity(child)],
  );
  return (row) => {
    const partitionValues = partition(row);
    const [bytes, modificationTime, isChange] = [size(row), time(row), dataChange(row)];
    if (!path.isHeld(row) || !partitionValues || isChange === undefined) return undefined;
    if (bytes === undefined || modificationTime === undefined) return undefined;
    if (others.some((isHeld) => isHeld(row))) return undefined;
    return {
      path: decodePath(path.text(row)),
      partitionValues,
      size: bytes,
      modificationTime,
      dataChange: isChange,
      ...(stats.isHeld(row) ? { stats: stats.deferred(row) } : undefined),
    };
  };
}

/** Whether a row has a value. Arrow's own test costs several times more. */
function validity({ nullCount, nullBitmap, offset }: Data): (row: number) => boolean {
  if (nullCount === 0) return () => true;
  return (row) => (((nullBitmap[(offset + row) >> 3] ?? 0) >> ((offset + row) & 7)) & 1) === 1;
}

interface TextColumn {
  readonly bytes: Uint8Array;
  /** Where each text begins; one more at the end. */
  readonly offsets: Int32Array;
  readonly isHeld: (row: number) => boolean;
  text(row: number): string;
  deferred(row: number): DeferredText;
}

function textColumn(data: Data | undefined): TextColumn | undefined {
  if (!data || !DataType.isUtf8(data.type)) return undefined;
  const { buffer, byteOffset, byteLength } = data.values as Uint8Array;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const offsets = data.valueOffsets as Int32Array;
  return {
    bytes,
    offsets,
    isHeld: validity(data),
    text: (row) => bytes.toString("utf8", offsets[row], offsets[row + 1]),
    deferred: (row) => new DeferredText(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0),
  };
}

/** Reads a column of whole numbers, NULL as undefined; undefined where it is no such column. */
function wholeNumber(data: Data | undefined): ((row: number) => number | undefined) | undefined {
  if (!data || !DataType.isInt(data.type)) return undefined;
  const values = data.values as BigInt64Array | Int32Array;
  const isHeld = validity(data);
  if (!(values instanceof BigInt64Array)) {
    return (row) => (isHeld(row) ? values[row] : undefined);
  }
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  return (row) =>
    isHeld(row) ? (words[row * 2 + 1] ?? 0) * 2 ** 32 + ((words[row * 2] ?? 0) >>> 0) : undefined;
}

function flagReader(data: Data | undefined): ((row: number) => boolean | undefined) | undefined {
  if (!data || !DataType.isBool(data.type)) return undefined;
  const { offset } = data;
  const bits = data.values as Uint8Array;
  const isHeld = validity(data);
  return (row) =>
    isHeld(row)
      ? (((bits[(offset + row) >> 3] ?? 0) >> ((offset + row) & 7)) & 1) === 1
      : undefined;
}

type Strings = AddAction["partitionValues"];

/** Files of one partition are many, so values are looked up by their bytes before they are read. */
function partitionReader(
  data: Data | undefined,
): ((row: number) => Strings | undefined) | undefined {
  if (!data || !DataType.isMap(data.type)) return undefined;
  const [keys, values] = (data.children[0]?.children ?? []).map(textColumn);
  if (!keys || !values) return undefined;
  const isHeld = validity(data);
  const offsets = data.valueOffsets as Int32Array;
  const known = new Map<number, Array<{ readonly start: number; readonly strings: Strings }>>();
  return (row) => {
    if (!isHeld(row)) return undefined;
    const [start, end] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    const hash = hashOf(keys, start, end, hashOf(values, start, end, end - start));
    const alike = known.get(hash) ?? [];
    const found = alike.find(
      (each) =>
        isSame(keys, each.start, start, end - start) &&
        isSame(values, each.start, start, end - start),
    );
    if (found) return found.strings;
    const entries = Array.from({ length: end - start }, (_, i): [string, string | null] => {
      const at = start + i;
      return [keys.text(at), values.isHeld(at) ? values.text(at) : null];
    });
    const strings = Object.fromEntries(entries);
    known.set(hash, [...alike, { start, strings }]);
    return strings;
  };
}

/** @see http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf({ bytes, offsets }: TextColumn, start: number, end: number, seed: number): number {
  let hash = seed;
  const last = offsets[end] ?? 0;
  for (let at = offsets[start] ?? 0; at < last; at++) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 16_777_619);
  }
  return hash;
}

/** Whether `count` texts from one row on are those from another on. */
function isSame(column: TextColumn, one: number, other: number, count: number): boolean {
  const { bytes, offsets, isHeld } = column;
  const [from, to] = [offsets[one] ?? 0, offsets[other] ?? 0];
  for (let i = 0; i < count; i++) {
    const length = (offsets[one + i + 1] ?? 0) - from;
    if (length !== (offsets[other + i + 1] ?? 0) - to) return false;
    if (isHeld(one + i) !== isHeld(other + i)) return false;
  }
  const length = (offsets[one + count] ?? 0) - from;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== bytes[to + i]) return false;
  return true;
}
