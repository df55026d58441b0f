import { type Column, EcapError, type Row } from "@ecap/sdk";
import { type Data, type DataType, makeData } from "apache-arrow";
import { typeName } from "../format/column-type.ts";

/** The rows of one data file, and where each came from in the append. */
export interface RowGroup {
  readonly rows: readonly Row[];
  readonly indexes: readonly number[];
}

/** One column of a data file in Arrow's layout, with its statistics as JSON texts; no bounds where there are none to give. */
export interface BuiltColumn {
  readonly data: Data;
  readonly nullCount: number;
  readonly min?: string;
  readonly max?: string;
}

/** Builds one column of a group; throws ECAP_TABLE_SCHEMA, naming column and row, for a cell that does not fit. */
export type ColumnBuilder = (column: Column, group: RowGroup) => BuiltColumn;

export function cellError(
  column: Column,
  group: RowGroup,
  at: number,
  problem?: string,
): EcapError {
  const cell = group.rows[at]?.[column.name];
  const row = group.indexes[at] ?? at;
  const what = problem ?? `${describe(cell)} is not a ${typeName(column.type)}`;
  return new EcapError("ECAP_TABLE_SCHEMA", `Row ${row}, column ${column.name}: ${what}`, {
    path: column.name,
    received: typeof cell,
  });
}

function describe(cell: unknown): string {
  if (cell === null || cell === undefined) return "NULL";
  if (typeof cell === "number") return `the number ${cell}`;
  return typeof cell === "object" ? "an object" : `a ${typeof cell}`;
}

/** Notes which cells are NULL, in a bitmap made when the first one comes. */
export class Validity {
  private readonly column: Column;
  private readonly group: RowGroup;
  private bits: Uint8Array | undefined;
  nullCount = 0;

  constructor(column: Column, group: RowGroup) {
    this.column = column;
    this.group = group;
  }

  setNull(at: number): void {
    if (this.column.nullable === false) {
      throw cellError(this.column, this.group, at, "NULL is not allowed");
    }
    this.bits ??= new Uint8Array(Math.ceil(this.group.rows.length / 8)).fill(255);
    this.bits[at >> 3] = (this.bits[at >> 3] ?? 0) & ~(1 << (at & 7));
    this.nullCount++;
  }

  /** Arrow data of fixed-width values. */
  data(type: DataType, values: ArrayBufferView): Data {
    const { length } = this.group.rows;
    return makeData({ type, length, data: values, ...this.nulls() } as Parameters<
      typeof makeData
    >[0]);
  }

  nulls(): { readonly nullCount: number; readonly nullBitmap?: Uint8Array } {
    return { nullCount: this.nullCount, ...(this.bits ? { nullBitmap: this.bits } : {}) };
  }
}
