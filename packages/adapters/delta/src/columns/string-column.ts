import { compareObjectKeys } from "@ecap/sdk";
import { Binary, makeData, Utf8 } from "apache-arrow";
import { type ColumnBuilder, cellError, Validity } from "./built-column.ts";

/** Longer strings are cut in statistics, as other writers do. */
const maxStatisticsLength = 32;

export const buildString: ColumnBuilder = (column, group) => {
  const { rows } = group;
  const { name } = column;
  const validity = new Validity(column, group);
  const offsets = new Int32Array(rows.length + 1);
  const cells: string[] = [];
  let end = 0;
  let min: string | undefined;
  let max: string | undefined;
  let last: string | undefined;
  for (let i = 0; i < rows.length; i++) {
    const cell = rows[i]?.[name];
    if (typeof cell === "string") {
      cells.push(cell);
      end += cell.length;
      if (cell !== last) {
        if (min === undefined || cell < min) min = cell;
        if (max === undefined || cell > max) max = cell;
        last = cell;
      }
    } else if (cell === null || cell === undefined) {
      cells.push("");
      validity.setNull(i);
    } else {
      throw cellError(column, group, i);
    }
    offsets[i + 1] = end;
  }
  // One call for all texts costs a fraction of one for each.
  let bytes = Buffer.from(cells.join(""));
  if (bytes.length !== end) {
    byteOffsets(cells, offsets);
    // Halves of a character, which end one text and begin the next, became whole by it.
    if (bytes.length !== offsets.at(-1))
      bytes = Buffer.concat(cells.map((cell) => Buffer.from(cell)));
    [min, max] = boundsByBytes(rows.map((row) => row[name]));
  }
  const data = makeData({
    type: new Utf8(),
    length: rows.length,
    valueOffsets: offsets,
    data: bytes,
    ...validity.nulls(),
  });
  return { data, nullCount: validity.nullCount, ...stringBounds(min, max) };
};

function byteOffsets(cells: readonly string[], offsets: Int32Array): void {
  for (const [i, cell] of cells.entries()) {
    offsets[i + 1] = (offsets[i] ?? 0) + Buffer.byteLength(cell);
  }
}

export const buildBinary: ColumnBuilder = (column, group) => {
  const validity = new Validity(column, group);
  const offsets = new Int32Array(group.rows.length + 1);
  const parts = group.rows.map((row, i) => {
    const cell = row[column.name];
    if (cell === null || cell === undefined) validity.setNull(i);
    else if (!(cell instanceof Uint8Array)) throw cellError(column, group, i);
    const part = cell ?? new Uint8Array();
    offsets[i + 1] = (offsets[i] ?? 0) + part.length;
    return part;
  });
  const data = makeData({
    type: new Binary(),
    length: group.rows.length,
    valueOffsets: offsets,
    data: Buffer.concat(parts),
    ...validity.nulls(),
  });
  return { data, nullCount: validity.nullCount };
};

/** Readers compare by bytes; JavaScript's own comparison agrees only without characters past U+FFFF. */
function boundsByBytes(cells: readonly unknown[]): [string | undefined, string | undefined] {
  let min: string | undefined;
  let max: string | undefined;
  for (const cell of cells) {
    if (typeof cell !== "string") continue;
    if (min === undefined || compareObjectKeys(cell, min) < 0) min = cell;
    if (max === undefined || compareObjectKeys(cell, max) > 0) max = cell;
  }
  return [min, max];
}

/** Bounds that hold for the whole strings: a cut minimum is lower already, a cut maximum gets the greatest character appended. */
export function stringBounds(
  min: string | undefined,
  max: string | undefined,
): { readonly min?: string; readonly max?: string } {
  if (min === undefined || max === undefined) return {};
  const upper = cut(max);
  const highest = "\u{10ffff}";
  if (max.includes(highest)) return { min: JSON.stringify(cut(min)) };
  return {
    min: JSON.stringify(cut(min)),
    max: JSON.stringify(upper === max ? max : upper + highest),
  };
}

function cut(text: string): string {
  return text.length <= maxStatisticsLength
    ? text
    : Array.from(text.slice(0, maxStatisticsLength * 2))
        .slice(0, maxStatisticsLength)
        .join("");
}
