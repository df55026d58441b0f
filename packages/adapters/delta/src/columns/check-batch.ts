import { type Column, type ColumnType, EcapError } from "@ecap/sdk";
import { DataType, DateUnit, type Field, Precision, type Schema, TimeUnit } from "apache-arrow";
import { typeName } from "../format/column-type.ts";
import { decimalSize } from "../format/decimal-size.ts";

/** Throws ECAP_TABLE_SCHEMA unless every column of an Arrow batch is one of these and every value of its type is one of the column's type. */
export function checkBatch({ fields }: Schema, columns: readonly Column[]): void {
  const byName = new Map(columns.map((column) => [column.name, column]));
  for (const { name, type } of fields as readonly Field[]) {
    const column = byName.get(name);
    if (!column) throw invalid(name, `is not a column of the table`);
    if (!fits(type, column.type)) {
      throw invalid(name, `is a ${type.toString()}, not a ${typeName(column.type)}`);
    }
  }
}

function fits(from: DataType, to: ColumnType): boolean {
  if (DataType.isNull(from)) return true;
  if (DataType.isDictionary(from)) return fits(from.dictionary, to);
  if (typeof to === "object") return isNestedAs(from, to);
  const decimal = decimalSize(to);
  if (decimal) {
    const { precision, scale } = decimal;
    if (DataType.isDecimal(from)) {
      return from.scale <= scale && from.precision - from.scale <= precision - scale;
    }
    return DataType.isInt(from) && digitsOfInt(from.bitWidth) <= precision - scale;
  }
  const bits = integerBits[to];
  if (bits !== undefined) {
    return DataType.isInt(from) && from.bitWidth + (from.isSigned ? 0 : 1) <= bits;
  }
  return others[to]?.(from) ?? false;
}

const integerBits: Readonly<Record<string, number>> = { byte: 8, short: 16, integer: 32, long: 64 };
const digitsOfInt = (bits: number) => Math.ceil(bits * Math.log10(2));

const others: Readonly<Record<string, (from: DataType) => boolean>> = {
  string: (from) => DataType.isUtf8(from) || DataType.isLargeUtf8(from),
  binary: (from) =>
    DataType.isBinary(from) || DataType.isLargeBinary(from) || DataType.isFixedSizeBinary(from),
  boolean: (from) => DataType.isBool(from),
  date: (from) => DataType.isDate(from) && from.unit === DateUnit.DAY,
  double: (from) => DataType.isFloat(from),
  float: (from) => DataType.isFloat(from) && from.precision !== Precision.DOUBLE,
  timestamp: (from) => isTime(from, true),
  timestamp_ntz: (from) => isTime(from, false),
};

/** Whether it is a timestamp without nanoseconds, which would be lost, of a time zone or of none. */
function isTime(from: DataType, hasZone: boolean): boolean {
  return (
    DataType.isTimestamp(from) &&
    from.unit !== TimeUnit.NANOSECOND &&
    Boolean(from.timezone) === hasZone
  );
}

/** The engine converts what is within. */
function isNestedAs(from: DataType, to: Exclude<ColumnType, string>): boolean {
  if (to.type === "struct") return DataType.isStruct(from);
  if (to.type === "map") return DataType.isMap(from);
  return DataType.isList(from) || DataType.isFixedSizeList(from);
}

function invalid(column: string, what: string): EcapError {
  return new EcapError("ECAP_TABLE_SCHEMA", `Column ${column} ${what}`, { path: column });
}
