import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as duckdb from "@duckdb/node-api";
import { deltaTableReader } from "@ecap/adapter-delta";
import { duckdbTableReader, type TableReader } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ResultRow, TableSnapshot } from "@ecap/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { name, sqlType, text } from "../src/lake/sql.ts";
import { resultCell } from "../src/result/result-cell.ts";

/** Tables written by Spark and others, with the rows a reader must find. See the README of the data folder. */
const golden = fileURLToPath(new URL("../../../../../shared/data/delta_golden", import.meta.url));
const objects = fsObjectStore({ dir: golden, exactNames: true });

/** Tables that no reader can read right, by what is said of them. */
const refused: Readonly<Record<string, readonly [code: string, message: string]>> = {
  "data-reader-absolute-paths-escaped-chars": ["ECAP_TABLE_CORRUPT", "no metadata"],
  "deltalog-commit-info": ["ECAP_TABLE_CORRUPT", "schemaString is missing"],
  "deltalog-invalid-protocol-version": ["ECAP_TABLE_UNSUPPORTED", "reader version 99"],
  "deltalog-state-reconstruction-from-checkpoint-missing-metadata": [
    "ECAP_TABLE_CORRUPT",
    "schemaString is missing",
  ],
  "deltalog-state-reconstruction-from-checkpoint-missing-protocol": [
    "ECAP_TABLE_CORRUPT",
    "schemaString is missing",
  ],
  "deltalog-state-reconstruction-without-metadata": ["ECAP_TABLE_CORRUPT", "no metadata"],
  "deltalog-state-reconstruction-without-protocol": ["ECAP_TABLE_CORRUPT", "no protocol"],
  "no-delta-log-folder": ["ECAP_TABLE_NOT_FOUND", "There is no table"],
  "update-deleted-directory": ["ECAP_TABLE_CORRUPT", "schemaString is missing"],
  "versions-not-contiguous": ["ECAP_TABLE_CORRUPT", "version 1 is missing"],
};
/** Tables whose data files were never there: their logs are read, and the files they name counted. */
const logOnly: Readonly<Record<string, number>> = {
  "canonicalized-paths-normal-a": 0,
  "canonicalized-paths-normal-b": 0,
  "canonicalized-paths-special-a": 0,
  "canonicalized-paths-special-b": 0,
  checkpoint: 1,
  "delete-re-add-same-file-different-transactions": 2,
  "log-replay-special-characters-b": 1,
};

/** Where the system stood that wrote partition timestamps without a zone. */
const timeZones: Readonly<Record<string, string>> = {
  "data-reader-partition-values": "America/Los_Angeles",
};

const folders = existsSync(golden) ? readdirSync(golden) : [];
const withRows = folders.filter((table) => existsSync(join(golden, table, "expected")));
const hiveTables = existsSync(golden) ? readdirSync(join(golden, "hive/delta")) : [];

describe.skipIf(folders.length === 0)(
  "golden Delta tables (needs the shared data folder)",
  { timeout: 120_000 },
  () => {
    let reader: TableReader;
    let connection: duckdb.DuckDBConnection;
    beforeAll(async () => {
      reader = duckdbTableReader({ objects });
      connection = await (await duckdb.DuckDBInstance.create(":memory:")).connect();
      await connection.run("SET TimeZone = 'UTC'");
    });
    afterAll(async () => {
      connection.closeSync();
      await reader.close();
    });

    it("are all looked at", () => {
      expect(
        [...withRows, ...Object.keys(refused), ...Object.keys(logOnly), "hive"].toSorted(),
      ).toEqual(folders.toSorted());
    });

    it.each(Object.entries(refused))("%s is refused", async (table, [code, message]) => {
      await expect(snapshotOf(join(table, "delta"))).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    });

    it.each(Object.entries(logOnly))("%s names its files", async (table, count) => {
      expect((await snapshotOf(join(table, "delta"))).files).toHaveLength(count);
    });

    it.each(withRows)("%s reads cell by cell", async (table) => {
      const snapshot = await snapshotOf(join(table, "delta"));
      const rows = await rowsOf(reader, snapshot, timeZones[table]);
      const expected = await expectedRows(connection, join(golden, table, "expected"), snapshot);
      expect(firstDifference(rows, expected)).toBeUndefined();
    });

    it.each(hiveTables)("hive/%s is read whole, or a file is gone", async (table) => {
      const folder = join("hive/delta", table);
      const snapshot = await snapshotOf(folder);
      const counted = snapshot.files.every((file) => file.rows !== undefined);
      const rows = await rowsOf(reader, snapshot);
      if (counted) {
        expect(rows).toHaveLength(snapshot.files.reduce((sum, file) => sum + (file.rows ?? 0), 0));
      }
    });
  },
);

async function snapshotOf(folder: string): Promise<TableSnapshot> {
  const table = deltaTableReader({ objects, root: `${folder}/`, name: folder });
  try {
    return await table.snapshot();
  } finally {
    await table.close();
  }
}

async function rowsOf(
  reader: TableReader,
  snapshot: TableSnapshot,
  timeZone = "UTC",
): Promise<ResultRow[]> {
  const rows: ResultRow[] = [];
  for await (const part of reader.rows(snapshot, { timeZone })) rows.push(...part);
  return rows;
}

/** The expected rows in the types they were written in, which are the schema's but for the kind of timestamps. */
async function expectedRows(
  connection: duckdb.DuckDBConnection,
  folder: string,
  { schema }: TableSnapshot,
): Promise<ResultRow[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".parquet"));
  const list = files.map((file) => text(join(folder, file))).join(", ");
  const columns = schema.columns.map((column) => name(column.name)).join(", ");
  const result = await connection.runAndReadAll(
    `SELECT ${columns} FROM read_parquet([${list}], hive_partitioning = false)`,
  );
  expect(result.columnTypes().map((type) => withoutZone(String(type)))).toEqual(
    schema.columns.map((column) => withoutZone(sqlType(column.type))),
  );
  return result
    .getRows()
    .map((values) =>
      Object.fromEntries(
        schema.columns.map((column, i) => [column.name, resultCell(duckdb, values[i] ?? null)]),
      ),
    );
}

function withoutZone(type: string): string {
  return type.replaceAll(/TIMESTAMP WITH TIME ZONE|TIMESTAMPTZ/g, "TIMESTAMP");
}

/** Rows in no order; a matcher would take long to compare a million. */
function firstDifference(rows: readonly ResultRow[], expected: readonly ResultRow[]) {
  const [ours, theirs] = [rows, expected].map((all) => all.map(cellsOf).toSorted());
  const at = Array.from({ length: Math.max(rows.length, expected.length) }).findIndex(
    (_, i) => ours?.[i] !== theirs?.[i],
  );
  return at < 0 ? undefined : { ours: ours?.[at], theirs: theirs?.[at] };
}

function cellsOf(row: ResultRow): string {
  return JSON.stringify(Object.values(row));
}
