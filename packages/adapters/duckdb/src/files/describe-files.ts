import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, EcapError, type TableFile } from "@ecap/sdk";
import type { Opened } from "../engine/open-instance.ts";
import { fileLayouts } from "../lake/file-layout.ts";
import { text } from "../lake/sql.ts";
import { deltaType } from "./delta-type.ts";

/** The columns of files, given by their paths; one file of every layout is looked into. */
export async function describeFiles(
  api: Opened["api"],
  connection: DuckDBConnection,
  files: ReadonlyMap<string, TableFile>,
): Promise<readonly Column[]> {
  const look = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
  const layouts = await fileLayouts(files, look);
  const paths = new Map([...files].map(([path, file]) => [layouts.get(file)?.key, path]));
  const columns = new Map<string, Column>();
  for (const path of paths.values()) {
    for (const column of await columnsOf(api, connection, path)) {
      const known = columns.get(column.name);
      if (known && JSON.stringify(known) !== JSON.stringify(column)) throw twoTypes(column, path);
      columns.set(column.name, column);
    }
  }
  return [...columns.values()];
}

async function columnsOf(
  api: Opened["api"],
  connection: DuckDBConnection,
  path: string,
): Promise<readonly Column[]> {
  const sql = `SELECT * FROM read_parquet([${text(path)}], hive_partitioning = false) LIMIT 0`;
  const result = await connection.run(sql);
  return result.columnNames().map((name, i) => ({
    name,
    type: deltaType(api, result.columnType(i), name),
  }));
}

function twoTypes({ name }: Column, path: string): EcapError {
  const message = `Column ${name} has another type in ${path} than in other files`;
  return new EcapError("ECAP_TABLE_SCHEMA", message, { path: name });
}
