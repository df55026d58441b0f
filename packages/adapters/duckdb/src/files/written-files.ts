import { readFile } from "node:fs/promises";
import type { ColumnStatistics, FileOutput, WrittenFile } from "@ecap/sdk";
import { name } from "../lake/sql.ts";
import { partitionColumns, partitionKey } from "./output-sql.ts";

type Row = Readonly<Record<string, unknown>>;

/** A file as COPY tells of it with RETURN_STATS. Bounds of columns with NaN are left out: NaN is past every number. */
export function writtenFile(row: Row, output: FileOutput): WrittenFile {
  const keys = new Map(entries(row["partition_keys"]));
  const partition = partitionColumns(output).map(({ name: column, physicalName = column }, i) => {
    const value = keys.get(partitionKey(i));
    return [physicalName, typeof value === "string" ? value : null] as const;
  });
  const statistics = new Map(entries(row["column_statistics"]));
  return {
    rows: Number(row["count"]),
    partition: Object.fromEntries(partition),
    statistics: new Map(
      output.columns.flatMap(({ name: column, physicalName = column }) => {
        const known = statistics.get(name(physicalName));
        return known === undefined
          ? []
          : [[physicalName, columnStatistics(new Map(entries(known)))]];
      }),
    ),
    extension: "zstd.parquet",
    bytes: () => readFile(String(row["filename"])),
  };
}

function columnStatistics(known: ReadonlyMap<string, unknown>): ColumnStatistics {
  const [min, max, nulls] = [known.get("min"), known.get("max"), known.get("null_count")];
  const isBounded =
    typeof min === "string" && typeof max === "string" && known.get("has_nan") !== "true";
  return {
    ...(isBounded ? { min, max } : {}),
    ...(typeof nulls === "string" ? { nullCount: Number(nulls) } : {}),
  };
}

/** The entries of a map in DuckDB's JSON form. */
function entries(map: unknown): ReadonlyArray<readonly [string, unknown]> {
  if (!Array.isArray(map)) return [];
  return map.map((entry: { readonly key: unknown; readonly value: unknown }) => [
    String(entry.key),
    entry.value,
  ]);
}
