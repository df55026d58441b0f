import { typeName } from "../format/column-type.ts";
import { decimalSize } from "../format/decimal-size.ts";
import { type ColumnBuilder, cellError } from "./built-column.ts";
import { decimalBuilder } from "./decimal-column.ts";
import {
  buildBoolean,
  buildDate,
  buildDouble,
  buildInteger,
  buildLong,
  buildTimestamp,
} from "./number-column.ts";
import { buildBinary, buildString } from "./string-column.ts";

const builders: Readonly<Record<string, ColumnBuilder>> = {
  string: buildString,
  long: buildLong,
  integer: buildInteger,
  double: buildDouble,
  boolean: buildBoolean,
  date: buildDate,
  timestamp: buildTimestamp,
  binary: buildBinary,
};

export const buildColumn: ColumnBuilder = (column, group) => {
  const { type } = column;
  const decimal = decimalSize(type);
  const plain = typeof type === "string" ? builders[type] : undefined;
  const builder = decimal ? decimalBuilder(decimal) : plain;
  if (!builder) throw cellError(column, group, 0, `${typeName(type)} is not a type rows can have`);
  return builder(column, group);
};
