import { decimalSize } from "../format/schema.ts";
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
  const decimal = decimalSize(column.type);
  const builder = decimal ? decimalBuilder(decimal) : builders[column.type];
  if (!builder) throw cellError(column, group, 0, `${column.type} is not a type of a column`);
  return builder(column, group);
};
