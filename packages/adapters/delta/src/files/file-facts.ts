import type { FileTotals } from "@ecap/sdk";
import type { AddAction, RemoveAction } from "../format/actions.ts";
import { parseStatistics } from "../format/file-statistics.ts";
import { parseSchema } from "../format/schema.ts";
import type { Definition } from "./table-fields.ts";

/** What the log says of one column of a file. */
export interface ColumnFacts {
  /** Bounds of the values that are not NULL, as JSON values. */
  readonly min?: unknown;
  readonly max?: unknown;
  readonly holdsNull: "never" | "maybe" | "only";
}

export interface FileFacts {
  /** By the table's name of the column. */
  column(name: string): ColumnFacts;
}

/** The facts in the partition values and statistics of a file. */
export function fileFacts(definition: Definition, add: AddAction): FileFacts {
  const { columns, partitionBy = [] } = parseSchema(definition);
  const { rows, min = {}, max = {}, nullCount = {} } = parseStatistics(add.stats, columns);
  return {
    column(name) {
      if (partitionBy.includes(name)) {
        const { physicalName = name } = columns.find((column) => column.name === name) ?? {};
        const value = add.partitionValues[physicalName] || undefined;
        return value === undefined
          ? { holdsNull: "only" }
          : { min: value, max: value, holdsNull: "never" };
      }
      const nulls = nullCount[name];
      const holdsNull =
        nulls === 0 ? "never" : nulls !== undefined && nulls === rows ? "only" : "maybe";
      return { min: min[name], max: max[name], holdsNull };
    },
  };
}

/** What an add or a remove says of its file. */
type LoggedFile = Pick<RemoveAction, "size" | "stats" | "deletionVector">;

/** Files, bytes and rows together; without rows where the log does not say of every file. */
export function fileTotals(logged: readonly LoggedFile[]): FileTotals {
  const rows = logged.map(rowsOf);
  return {
    files: logged.length,
    bytes: logged.reduce((sum, { size = 0 }) => sum + size, 0),
    ...(!rows.includes(undefined) && { rows: rows.reduce<number>((sum, n) => sum + (n ?? 0), 0) }),
  };
}

/** Rows of the file that are in the table; undefined where the log does not say. */
export function rowsOf(add: LoggedFile): number | undefined {
  const { rows } = parseStatistics(add.stats, []);
  return rows === undefined ? undefined : rows - (add.deletionVector?.cardinality ?? 0);
}
