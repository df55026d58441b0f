import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as duckdb from "@duckdb/node-api";
import { deltaTableStore } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { isEcapError } from "@ecap/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lakeView, text } from "../src/lake/lake-view.ts";

/** Tables written by Spark and others, with the rows a reader must find. See the README of the data folder. */
const golden = fileURLToPath(new URL("../../../../../shared/data/delta_golden", import.meta.url));

/** Tables that need what this reader does not have; it must say so rather than give wrong rows. */
const refused: Readonly<Record<string, string>> = {
  "canonicalized-paths-normal-a": "data files outside the table's folder",
  "canonicalized-paths-normal-b": "data files outside the table's folder",
  "canonicalized-paths-special-a": "data files outside the table's folder",
  "canonicalized-paths-special-b": "data files outside the table's folder",
  "data-reader-array-complex-objects": "the type array",
  "data-reader-array-primitives": "the type array",
  "data-reader-map": "the type map",
  "data-reader-nested-struct": "the type struct",
  "data-reader-nullable-field-invalid-schema-key": "the type array",
  "data-reader-partition-values": "the type array",
  "data-reader-timestamp_ntz": "timestampNtz",
  "data-reader-timestamp_ntz-id-mode": "timestampNtz",
  "data-reader-timestamp_ntz-name-mode": "timestampNtz",
  "data-skipping-basic-stats-all-types-columnmapping-id": "column mapping by id",
  "data-skipping-basic-stats-all-types-columnmapping-name": "column mapping by name",
  "deltalog-invalid-protocol-version": "reader version 99",
  "dv-partitioned-with-checkpoint": "deletion vectors",
  "dv-with-columnmapping": "deletion vectors",
  "log-replay-dv-key-cases": "deletion vectors",
  "parquet-all-types": "timestampNtz",
  "parquet-all-types-legacy-format": "timestampNtz",
  "table-with-columnmapping-mode-id": "column mapping by id",
  "table-with-columnmapping-mode-name": "column mapping by name",
  "v2-checkpoint-json": "v2Checkpoint",
  "v2-checkpoint-parquet": "v2Checkpoint",
};
const corrupt = new Set([
  "data-reader-absolute-paths-escaped-chars",
  "deltalog-commit-info",
  "deltalog-state-reconstruction-from-checkpoint-missing-metadata",
  "deltalog-state-reconstruction-from-checkpoint-missing-protocol",
  "deltalog-state-reconstruction-without-metadata",
  "deltalog-state-reconstruction-without-protocol",
  "update-deleted-directory",
  "versions-not-contiguous",
]);
const absent = new Set(["hive", "no-delta-log-folder"]);

const tables = existsSync(golden) ? readdirSync(golden) : [];

describe.skipIf(tables.length === 0)("golden Delta tables (needs the shared data folder)", () => {
  let connection: duckdb.DuckDBConnection;
  beforeAll(async () => {
    connection = await (await duckdb.DuckDBInstance.create(":memory:")).connect();
    await connection.run("SET TimeZone = 'UTC'");
  });
  afterAll(() => connection.closeSync());

  it("refuses what it cannot read right, and says why", async () => {
    for (const table of tables.filter(isRefused)) {
      const error = await outcome(table);
      if (!isEcapError(error)) throw new Error(`${table} was read`, { cause: error });
      const code = corrupt.has(table)
        ? "ECAP_TABLE_CORRUPT"
        : absent.has(table)
          ? "ECAP_TABLE_NOT_FOUND"
          : "ECAP_TABLE_UNSUPPORTED";
      expect([table, error.code]).toEqual([table, code]);
      expect(error.message).toContain(refused[table] ?? "");
    }
  });

  it.each(tables.filter((table) => !isRefused(table)))("reads %s", async (table) => {
    const read = await snapshot(table);
    const expected = join(golden, table, "expected");
    if (!existsSync(expected)) return expect(read.snapshot.files.length).toBeGreaterThan(0);
    const { objects, snapshot: found } = read;
    const withTenant = {
      ...found,
      schema: {
        ...found.schema,
        columns: [...found.schema.columns, { name: "tenant", type: "string" as const }],
        partitionBy: [...(found.schema.partitionBy ?? []), "tenant"],
      },
      files: found.files.map((file) => ({
        ...file,
        partition: { ...file.partition, tenant: "t" },
      })),
    };
    const view = lakeView(withTenant, objects, "t");
    const columns = found.schema.columns.map(({ name }) => `"${name}"`).join(", ");
    await connection.run(
      `CREATE OR REPLACE TEMP VIEW ours AS SELECT ${columns} FROM (${view.select})`,
    );
    const files = readdirSync(expected).filter((name) => name.endsWith(".parquet"));
    const list = files.map((name) => text(join(expected, name))).join(", ");
    const types = await connection.runAndReadAll("DESCRIBE ours");
    const casts = types
      .getRows()
      .map(([name, type]) => `CAST("${String(name)}" AS ${String(type)})`);
    await connection.run(
      `CREATE OR REPLACE TEMP VIEW theirs AS SELECT ${casts.join(", ")} FROM read_parquet([${list}])`,
    );
    const difference = await connection.runAndReadAll(
      "SELECT (SELECT count(*) FROM ours), (SELECT count(*) FROM theirs), (SELECT count(*) FROM (FROM ours EXCEPT ALL FROM theirs))",
    );
    const [ours, theirs, others] = difference.getRows()[0] ?? [];
    expect({ ours, others }).toEqual({ ours: theirs, others: 0n });
  });
});

const snapshot = async (table: string) => {
  const objects = fsObjectStore({ dir: join(golden, table) });
  const store = deltaTableStore({ objects });
  try {
    return { objects, snapshot: await store.snapshot("delta") };
  } finally {
    await store.close();
  }
};
const outcome = (table: string) => snapshot(table).catch((error: unknown) => error);
const isRefused = (table: string) => table in refused || corrupt.has(table) || absent.has(table);
