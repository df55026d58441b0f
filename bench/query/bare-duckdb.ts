import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import type { ObjectStore, Query, TableSnapshot } from "@ecap/sdk";

/** DuckDB as it comes, over the Parquet files of the tables. */
export interface BareDuckdb {
  /** Seconds that a query takes, with its rows in JavaScript. */
  run(query: Query): Promise<number>;
  close(): void;
}

const types: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  long: "BIGINT",
  timestamp: "TIMESTAMPTZ",
};

export async function bareDuckdb(
  snapshots: readonly TableSnapshot[],
  objects: ObjectStore,
  threads: number,
): Promise<BareDuckdb> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'; SET parquet_metadata_cache = true");
  await connection.run(`SET threads = ${threads}`);
  for (const { table, schema, files } of snapshots) {
    const paths = files.map(({ key }) => `'${objects.localPath?.(key)}'`);
    const columns = schema.columns.map(
      ({ name, type }) => `"${name}" ${typeof type === "string" ? (types[type] ?? type) : "JSON"}`,
    );
    await connection.run(
      paths.length === 0
        ? `CREATE TABLE ${table} (${columns.join(", ")})`
        : `CREATE VIEW ${table} AS FROM read_parquet([${paths.join(", ")}], hive_partitioning = true, hive_types = {tenant: VARCHAR, date: DATE})`,
    );
  }
  return {
    async run({ sql, parameters = [] }) {
      const begun = performance.now();
      const reader = await connection.runAndReadAll(sql, [...parameters] as DuckDBValue[]);
      reader.getRowObjectsJson();
      return (performance.now() - begun) / 1000;
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
