import { type Column, type ColumnType, EcapError, type FileInput } from "@ecap/sdk";
import { cast, name, partitionLiteral, sqlType, text } from "../lake/sql.ts";

export interface InputPaths {
  /** Local paths of the input's files, then of those held. */
  readonly paths: readonly string[];
  /** The table with `file` and `row` of deleted rows; undefined where there are none. */
  readonly deleted: string | undefined;
}

/** Partition values that name no time zone are taken to be of this one. */
const timeZone = "UTC";

/** A SELECT of the input's rows: `#file`, `#row` and its columns. */
export function inputSql(input: FileInput, { paths, deleted }: InputPaths): string {
  const { columns, partitionBy } = input;
  if (paths.length === 0) {
    const nulls = columns.map(
      ({ name: column, type }) => `${cast("NULL", type)} AS ${name(column)}`,
    );
    const position = [`NULL::BIGINT AS "#file"`, `NULL::BIGINT AS "#row"`];
    return `SELECT ${[...position, ...nulls].join(", ")} WHERE false`;
  }
  const stored = columns.filter((column) => !partitionBy.includes(column.name));
  const partitioned = columns.filter((column) => partitionBy.includes(column.name));
  const selected = columns.map((column) => {
    const at = stored.indexOf(column);
    const value = at >= 0 ? `c${at}` : `p${partitioned.indexOf(column)}`;
    return `${value} AS ${name(column.name)}`;
  });
  const from = [
    `(SELECT *, file_index AS "#file", file_row_number AS "#row" FROM ${readParquet(stored, paths)}) AS rows`,
    ...(partitioned.length === 0 ? [] : [joinPartitions(input, partitioned)]),
    ...(deleted === undefined
      ? []
      : [
          `ANTI JOIN ${name(deleted)} AS deleted ON rows."#file" = deleted.file AND rows."#row" = deleted.row`,
        ]),
  ];
  return `SELECT ${[`"#file"`, `"#row"`, ...selected].join(", ")} FROM ${from.join(" ")}`;
}

/** The columns as c0, c1…, whatever files call them, so that none is mistaken for another. A file that lacks one has NULL. */
function readParquet(columns: readonly Column[], paths: readonly string[]): string {
  const schema = columns.map((column, i) => {
    const { name: known, physicalName = known, fieldId, type } = column;
    checkFields(known, type);
    const key = fieldId ?? text(physicalName);
    return `${key}: {name: 'c${i}', type: ${text(sqlType(type))}, default_value: NULL}`;
  });
  return `read_parquet([${paths.map(text).join(", ")}], schema = MAP {${schema.join(", ")}}, hive_partitioning = false)`;
}

/** The partition values as p0, p1… by the index of the file. */
function joinPartitions({ files }: FileInput, partitioned: readonly Column[]): string {
  const values = files.map((file, i) => {
    const literals = partitioned.map((column) =>
      partitionLiteral(file.partition[column.name], column, timeZone),
    );
    return `(${[i, ...literals].join(", ")})`;
  });
  const names = ["i", ...partitioned.map((_, i) => `p${i}`)];
  return `JOIN (VALUES ${values.join(", ")}) AS partitions(${names.join(", ")}) ON rows."#file" = partitions.i`;
}

/** Fields of structs are found by the table's names of them, so files must call them so. */
function checkFields(column: string, type: ColumnType): void {
  if (typeof type === "string") return;
  if (type.type === "array") return checkFields(column, type.elementType);
  if (type.type === "map") {
    checkFields(column, type.keyType);
    return checkFields(column, type.valueType);
  }
  for (const field of type.fields) {
    if (field.physicalName !== undefined || field.fieldId !== undefined) {
      const message = `Column ${column} has fields that data files call otherwise`;
      throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: column });
    }
    checkFields(column, field.type);
  }
}
