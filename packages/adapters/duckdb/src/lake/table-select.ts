import {
  type Column,
  type ObjectStore,
  type TableFile,
  type TableSchema,
  type TableSnapshot,
} from "@ecap/sdk";
import { alikeFiles } from "./alike-files.ts";
import { columnExpression } from "./column-expression.ts";
import { notDeleted } from "./deleted-filter.ts";
import { type FileGroup, fileGroups, folderName } from "./file-groups.ts";
import type { LaidField, Look } from "./file-layout.ts";
import { localPath } from "./local-path.ts";
import { name, noRows, partitionLiteral, partitionValue, sqlType, text } from "./sql.ts";

export interface TableSelectOptions {
  readonly snapshot: TableSnapshot;
  /** Files of the snapshot; the rows of no others are in the result. */
  readonly files: readonly TableFile[];
  readonly objects: ObjectStore;
  /** Looks into files whose columns the log does not tell. */
  readonly look: Look;
  /** Of partition timestamps that name none: that of the system that wrote them, which the log does not tell. Default UTC. */
  readonly timeZone?: string;
}

/**
 * A SELECT of the files' rows, every column of the schema in its order and type.
 *
 * No file is left out by its statistics: DuckDB skips by those in the files' footers, which it keeps in memory and which cost some 50 µs a file to read the first
 * time, and knows every predicate of the query, which a list made before it does not.
 */
export async function tableSelect(options: TableSelectOptions): Promise<string> {
  const { objects, look, timeZone = "UTC" } = options;
  const { schema } = options.snapshot;
  const pathOf = (file: TableFile) => localPath(objects, file.key);
  const partitioned = schema.columns.filter(({ name: key }) => schema.partitionBy?.includes(key));
  const files = new Map(options.files.map((file) => [pathOf(file), file]));
  const selects: string[] = [];
  for (const alike of await alikeFiles({ schema, files, look })) {
    for (const group of fileGroups(alike.files, partitioned, pathOf)) {
      const values = columnValues(schema, group, alike.fields, timeZone);
      selects.push(await groupSelect(group, values, pathOf));
    }
  }
  return selects.length === 0 ? noRows(schema.columns) : selects.join(" UNION ALL ");
}

/** Every column of the schema as SQL over the files of a group. */
function columnValues(
  { columns, partitionBy = [] }: TableSchema,
  { files, folders }: FileGroup,
  fields: readonly LaidField[],
  timeZone: string,
): string[] {
  const keys = new Set(partitionBy);
  const partition = files[0]?.partition ?? {};
  const valueOf = (column: Column) => {
    if (!keys.has(column.name)) return columnExpression(column, fields);
    return folders.includes(column)
      ? partitionValue(name(folderName(column)), column)
      : partitionLiteral(partition[column.name], column, timeZone);
  };
  return columns.map((column) => `${valueOf(column)} AS ${name(column.name)}`);
}

async function groupSelect(
  { files, folders }: FileGroup,
  values: readonly string[],
  pathOf: (file: TableFile) => string,
): Promise<string> {
  const deleted = files[0]?.deleted;
  const types = folders.map((column) => `${text(folderName(column))}: ${folderType(column)}`);
  const settings = [
    "union_by_name = false",
    folders.length === 0
      ? "hive_partitioning = false"
      : `hive_partitioning = true, hive_types = {${types.join(", ")}}`,
    ...(deleted ? ["file_row_number = true"] : []),
  ];
  const paths = files.map((file) => text(pathOf(file)));
  const source = `read_parquet([${paths.join(", ")}], ${settings.join(", ")})`;
  const rows = `SELECT ${values.join(", ")} FROM ${source}`;
  return deleted ? `${rows} WHERE ${await notDeleted(deleted)}` : rows;
}

/** A type with arguments, such as a decimal's, is not taken for a folder's value; the select casts it. */
function folderType({ type }: Column): string {
  const sql = sqlType(type);
  return sql.endsWith(")") || type === "binary" ? "VARCHAR" : sql;
}
