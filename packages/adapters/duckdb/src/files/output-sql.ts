import type { Column, FileOutput } from "@ecap/sdk";
import { cast, name, text } from "../lake/sql.ts";

/** Begins the message of a row that breaks a constraint; the constraint's index follows. */
export const brokenConstraint = "ECAP broken constraint ";

/** Files of a query that is not split by partition end at about this size. */
const maxFileSize = "128MB";

export const partitionKey = (index: number) => `#p${index}`;

/** A COPY of the query's rows into files below the folder, which tells what each file holds. */
export function outputSql(query: string, output: FileOutput, folder: string): string {
  const { columns, constraints, partitionBy, splitBy } = output;
  const split = splitBy === undefined ? [] : [name(splitBy)];
  const typed = [
    ...columns.map((column) => `${cast(name(column.name), column.type)} AS ${name(column.name)}`),
    ...split,
  ];
  const partitioned = partitionColumns(output);
  const inFiles = columns.filter(
    ({ name: column, type }) => !partitionBy.includes(column) && type !== "void",
  );
  const checks = constraints.map(
    ({ condition }, i) =>
      `WHEN NOT coalesce((${condition}\n), false) THEN error(${text(`${brokenConstraint}${i}`)})`,
  );
  const values = inFiles.map(({ name: column, physicalName = column }, i) => {
    const checked =
      i > 0 || checks.length === 0
        ? name(column)
        : `CASE ${checks.join(" ")} ELSE ${name(column)} END`;
    return `${checked} AS ${name(physicalName)}`;
  });
  const keys = partitioned.map(
    (column, i) => `${partitionText(column)} AS ${name(partitionKey(i))}`,
  );
  const select = `SELECT ${[...values, ...keys, ...split].join(", ")} FROM (SELECT ${typed.join(", ")} FROM (${query}) AS result) AS typed`;
  const ids = inFiles.flatMap(({ name: column, physicalName = column, id }) =>
    id === undefined ? [] : [`${name(physicalName)}: ${id}`],
  );
  const folders = [...partitioned.map((_, i) => name(partitionKey(i))), ...split];
  const options = [
    "FORMAT parquet",
    "COMPRESSION zstd",
    "RETURN_STATS true",
    "FILENAME_PATTERN 'part-{uuid}'",
    ...(ids.length === 0 ? [] : [`FIELD_IDS {${ids.join(", ")}}`]),
    folders.length === 0
      ? `FILE_SIZE_BYTES '${maxFileSize}'`
      : `PARTITION_BY (${folders.join(", ")})`,
  ];
  return `COPY (${select}) TO ${text(folder)} (${options.join(", ")})`;
}

/** The columns that the output is partitioned by, in that order. */
export function partitionColumns({ columns, partitionBy }: FileOutput): readonly Column[] {
  return partitionBy.flatMap((key) => columns.find((column) => column.name === key) ?? []);
}

/** A partition value as Delta writes it. */
function partitionText({ name: column, type }: Column): string {
  if (type === "timestamp") {
    return `strftime(${name(column)} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`;
  }
  if (type === "binary") return `decode(${name(column)})`;
  if (type === "timestamp_ntz") return `strftime(${name(column)}, '%Y-%m-%d %H:%M:%S.%f')`;
  return `CAST(${name(column)} AS VARCHAR)`;
}
