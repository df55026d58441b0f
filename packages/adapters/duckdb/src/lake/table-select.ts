import {
  type Column,
  EcapError,
  type ObjectStore,
  type TableFile,
  type TableSnapshot,
} from "@ecap/sdk";
import { columnExpression } from "./column-expression.ts";
import { notDeleted } from "./deleted-filter.ts";
import { type FileGroup, fileGroups, folderName } from "./file-groups.ts";
import { fileLayouts, type LaidField, type Look } from "./file-layout.ts";
import { cast, name, partitionLiteral, partitionValue, sqlType, text } from "./sql.ts";

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
  const { snapshot, files, objects, look } = options;
  const { columns } = snapshot.schema;
  const pathOf = (file: TableFile) => localPath(objects, file.key);
  const laidOut = await byLayout(options, pathOf, look);
  const selects: string[] = [];
  for (const { files: alike, fields } of laidOut) {
    for (const group of fileGroups(alike, partitionColumns(snapshot), pathOf)) {
      selects.push(await groupSelect(group, fields, options, pathOf));
    }
  }
  if (files.length > 0) return selects.join(" UNION ALL ");
  const nothing = columns.map((column) => `${cast("NULL", column.type)} AS ${name(column.name)}`);
  return `SELECT ${nothing.join(", ")} WHERE false`;
}

function partitionColumns({ schema }: TableSnapshot) {
  return schema.columns.filter((column) => schema.partitionBy?.includes(column.name));
}

interface Alike {
  readonly files: TableFile[];
  readonly fields: readonly LaidField[];
}

/** Files known to hold every column as the schema says need not be opened to find out, which is most of a query's fixed cost. */
async function byLayout(
  { snapshot, files }: TableSelectOptions,
  pathOf: (file: TableFile) => string,
  look: Look,
): Promise<Alike[]> {
  const partitioned = new Set(snapshot.schema.partitionBy);
  const stored = snapshot.schema.columns.filter((column) => !partitioned.has(column.name));
  const byId = stored.some((column) => column.fieldId !== undefined);
  const isWhole = ({ columns = [] }: TableFile) => {
    const held = new Set(columns);
    return !byId && stored.every((column) => held.has(column.name));
  };
  const whole: Alike = {
    files: files.filter(isWhole),
    fields: stored.map(({ name: logical, physicalName = logical }) => ({
      name: physicalName,
      id: null,
      layout: { kind: "leaf" },
    })),
  };
  const others = new Map(
    files.filter((file) => !isWhole(file)).map((file) => [pathOf(file), file]),
  );
  const groups = new Map<string, Alike>();
  for (const [file, { key, fields }] of await fileLayouts(others, look)) {
    const alike = groups.get(key) ?? { files: [], fields };
    groups.set(key, alike);
    alike.files.push(file);
  }
  return [...(whole.files.length > 0 ? [whole] : []), ...groups.values()];
}

async function groupSelect(
  { files, folders }: FileGroup,
  fields: readonly LaidField[],
  { snapshot, timeZone = "UTC" }: TableSelectOptions,
  pathOf: (file: TableFile) => string,
): Promise<string> {
  const partitionBy = new Set(snapshot.schema.partitionBy);
  const inFolder = new Set(folders.map((column) => column.name));
  const [first] = files;
  const values = snapshot.schema.columns.map((column) => {
    const value = !partitionBy.has(column.name)
      ? columnExpression(column, fields)
      : inFolder.has(column.name)
        ? partitionValue(name(folderName(column)), column)
        : partitionLiteral(first?.partition[column.name], column, timeZone);
    return `${value} AS ${name(column.name)}`;
  });
  const types = folders.map((column) => `${text(folderName(column))}: ${folderType(column)}`);
  const settings = [
    "union_by_name = false",
    folders.length === 0
      ? "hive_partitioning = false"
      : `hive_partitioning = true, hive_types = {${types.join(", ")}}`,
    ...(first?.deleted ? ["file_row_number = true"] : []),
  ];
  const paths = files.map((file) => text(pathOf(file)));
  const rows = `SELECT ${values.join(", ")} FROM read_parquet([${paths.join(", ")}], ${settings.join(", ")})`;
  return first?.deleted ? `${rows} WHERE ${await notDeleted(first.deleted)}` : rows;
}

/** A type with arguments, such as a decimal's, is not taken for a folder's value; the select casts it. */
function folderType({ type }: Column): string {
  const sql = sqlType(type);
  return sql.endsWith(")") || type === "binary" ? "VARCHAR" : sql;
}

function localPath(objects: ObjectStore, key: string): string {
  if (objects.localPath) return objects.localPath(key);
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    "duckdbQueryEngine needs an object store with files: fsObjectStore, or s3ObjectStore with a cacheDir",
  );
}
