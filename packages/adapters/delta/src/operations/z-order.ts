import { EcapError } from "@ecap/sdk";
import { quoted } from "../files/sql-text.ts";
import type { Definition } from "../files/table-fields.ts";
import type { AddAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import type { TableContext } from "../table/table-context.ts";
import { target } from "../table/table-input.ts";
import { rewriteFiles } from "./rewrite-files.ts";

/** Bits that a value's rank has in the order: a thousand steps. */
const bits = 10;
/** More columns would not fit into 63 bits, and long before that each counts for nothing. */
const maxColumns = 6;

/** The columns by the table's own names; throws where rows cannot be put in order by them. */
export function orderColumns(definition: Definition, names: readonly string[]): readonly string[] {
  const { columns, partitionBy = [] } = parseSchema(definition);
  if (names.length > maxColumns) throw invalid(names.join(", "), `are more than ${maxColumns}`);
  return names.map((name) => {
    const column = columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!column) throw invalid(name, "is not a column of the table");
    if (partitionBy.includes(column.name))
      throw invalid(name, "is one the table is partitioned by");
    if (typeof column.type !== "string") throw invalid(name, "is nested and has no order");
    return column.name;
  });
}

function invalid(column: string, what: string): EcapError {
  return new EcapError("ECAP_TABLE_SCHEMA", `Column ${column} ${what}`, { path: column });
}

export interface OrderOptions {
  readonly columns: readonly string[];
  /** Size of the files, about. */
  readonly targetBytes: number;
}

/**
 * Writes files of one partition anew, their rows along a Z-order curve: the bits of each column's rank take turns, so rows that are near in every
 * column are near in files.
 *
 * @see https://en.wikipedia.org/wiki/Z-order_curve
 */
export function rewriteOrdered(
  table: TableContext,
  state: TableState,
  files: readonly AddAction[],
  { columns, targetBytes }: OrderOptions,
): Promise<AddAction[]> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const parts = Math.max(1, Math.round(bytes / targetBytes));
  const ranks = columns.map(
    (column, i) =>
      `((rank() OVER (ORDER BY ${quoted(column)} NULLS FIRST) - 1) * ${2 ** bits} // count(*) OVER ()) AS "#r${i}"`,
  );
  const turns = columns.flatMap((_, i) =>
    Array.from(
      { length: bits },
      (__, bit) => `((("#r${i}" >> ${bit}) & 1) << ${bit * columns.length + i})`,
    ),
  );
  const ranked = `(SELECT *, ${ranks.join(", ")} FROM ${target}) AS ranked`;
  const placed = `(SELECT *, ${turns.join(" + ")} AS "#z" FROM ${ranked}) AS placed`;
  const sql = `SELECT *, ntile(${parts}) OVER (ORDER BY "#z") AS "#part" FROM ${placed}`;
  return rewriteFiles(table, state, files, sql, { splitBy: "#part", maxBytes: bytes });
}
