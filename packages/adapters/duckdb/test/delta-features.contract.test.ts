import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import * as duckdb from "@duckdb/node-api";
import { deltaTableReader } from "@ecap/adapter-delta";
import { duckdbTableReader } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ResultRow } from "@ecap/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeRoaringBitmap } from "../../delta/test/format/encode-roaring-bitmap.ts";
import { text } from "../src/lake/sql.ts";

/** Data files by path: a query whose rows they hold, and what their add action says beside the path and size. */
type Files = Readonly<Record<string, readonly [query: string, add?: object]>>;

interface TableText {
  readonly fields: readonly object[];
  readonly files: Files;
  readonly partitionBy?: readonly string[];
  readonly features?: readonly string[];
  readonly mapping?: "name" | "id";
}

describe("a Delta table", () => {
  let dir: string;
  let connection: duckdb.DuckDBConnection;
  let made = 0;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-features-"));
    connection = await (await duckdb.DuckDBInstance.create(":memory:")).connect();
    await connection.run("SET TimeZone = 'UTC'");
  });
  afterAll(async () => {
    connection.closeSync();
    await rm(dir, { recursive: true });
  });

  const write = async (table: TableText, parent = ""): Promise<string> => {
    const folder = join(dir, parent, `${made++}`);
    const adds: object[] = [];
    for (const [path, [query, more]] of Object.entries(table.files)) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await connection.run(`COPY (${query}`.replace("$file", `) TO ${text(file)}`));
      const { size } = await stat(file);
      const encoded = path.split("/").map(encodeURIComponent).join("/");
      const add = {
        path: encoded,
        partitionValues: {},
        size,
        modificationTime: 1,
        dataChange: true,
      };
      adds.push({ add: { ...add, ...more } });
    }
    const { features = [], partitionBy = [], mapping = "none", fields } = table;
    const actions = [
      {
        protocol: {
          minReaderVersion: 3,
          minWriterVersion: 7,
          readerFeatures: features,
          writerFeatures: features,
        },
      },
      {
        metaData: {
          id: "t",
          format: { provider: "parquet", options: {} },
          schemaString: JSON.stringify({ type: "struct", fields }),
          partitionColumns: partitionBy,
          configuration: { "delta.columnMapping.mode": mapping },
        },
      },
      ...adds,
    ];
    await mkdir(join(folder, "_delta_log"), { recursive: true });
    const log = actions.map((action) => JSON.stringify(action)).join("\n");
    await writeFile(join(folder, "_delta_log/00000000000000000000.json"), log);
    return folder;
  };

  it.each([
    ["some", [0, 7, 199_999]],
    ["many", upTo(60_000).map((i) => i * 3 + 1)],
    ["all", upTo(200_000)],
  ])(
    "is read without %s deleted rows",
    async (_, deleted) => {
      const vector = encodeRoaringBitmap(deleted, true);
      const folder = await write({
        fields: [field("n", "integer")],
        features: ["deletionVectors"],
        files: {
          "a.parquet": [
            "SELECT range::INT AS n FROM range(200000) $file (FORMAT parquet, ROW_GROUP_SIZE 10000)",
            {
              stats: JSON.stringify({ numRecords: 200_000, nullCount: { n: 0 } }),
              deletionVector: {
                storageType: "p",
                pathOrInlineDv: join(dir, `${made}`, "dv.bin"),
                offset: 1,
                sizeInBytes: vector.length,
                cardinality: deleted.length,
              },
            },
          ],
          "b.parquet": ["SELECT -1::INT AS n $file (FORMAT parquet)"],
        },
      });
      await writeFile(join(folder, "dv.bin"), Buffer.concat([Buffer.from([1]), framed(vector)]));
      const gone = new Set(deleted);
      const left = upTo(200_000).filter((n) => !gone.has(n));
      const numbers = (await read(folder)).map((row) => Number(row["n"])).toSorted((a, b) => a - b);
      expect(numbers).toEqual([-1, ...left]);
    },
    60_000,
  );

  it("is not read where a deletion vector is broken or names rows past the file's", async () => {
    const vector = encodeRoaringBitmap([5], false);
    const table = (numRecords: number): TableText => ({
      fields: [field("n", "integer")],
      features: ["deletionVectors"],
      files: {
        "a.parquet": [
          "SELECT range::INT AS n FROM range(10) $file (FORMAT parquet)",
          {
            stats: JSON.stringify({ numRecords }),
            deletionVector: {
              storageType: "p",
              pathOrInlineDv: `file:${join(dir, `${made}`, "dv")}`,
              sizeInBytes: vector.length,
              cardinality: 1,
            },
          },
        ],
      },
    });
    for (const [bytes, rows] of [
      [framed(vector).fill(0, 20), 10],
      [framed(vector).subarray(0, 30), 10],
      [framed(vector), 5],
      [undefined, 10],
    ] as const) {
      const folder = await write(table(rows));
      if (bytes) await writeFile(join(folder, "dv"), bytes);
      await expect(read(folder)).rejects.toMatchObject({ code: "ECAP_TABLE_CORRUPT" });
    }
  });

  it("has columns renamed and dropped, also within structs, lists and maps", async () => {
    const inner = [
      mapped("a", "string", "p-a", 11),
      mapped("new", "long", "p-new", 12),
      mapped("b", "integer", "p-b", 13),
    ];
    const folder = await write({
      features: ["columnMapping"],
      mapping: "name",
      fields: [
        mapped("odd \"name\", 'too' 😀", "long", "p1", 1),
        mapped("struct", { type: "struct", fields: inner }, "p2", 2),
        mapped(
          "list",
          { type: "array", elementType: { type: "struct", fields: inner }, containsNull: true },
          "p3",
          3,
        ),
        mapped(
          "map",
          {
            type: "map",
            keyType: "string",
            valueType: { type: "struct", fields: inner },
            valueContainsNull: true,
          },
          "p4",
          4,
        ),
      ],
      files: {
        "a.parquet": [
          `SELECT 1::BIGINT AS p1, 9 AS "p-dropped", {'p-b': 2::INT, 'p-a': 'x', 'gone': 1} AS p2,
            [{'p-b': 3::INT, 'p-a': 'y', 'gone': 1}, NULL] AS p3,
            MAP {'k': {'p-b': 4::INT, 'p-a': 'z', 'gone': 1}} AS p4 $file (FORMAT parquet)`,
        ],
        "b.parquet": ["SELECT 2::BIGINT AS p1 $file (FORMAT parquet)"],
      },
    });
    const first = "odd \"name\", 'too' 😀";
    expect(await read(folder)).toEqual([
      {
        [first]: 1,
        struct: { a: "x", new: null, b: 2 },
        list: [{ a: "y", new: null, b: 3 }, null],
        map: { k: { a: "z", new: null, b: 4 } },
      },
      { [first]: 2, struct: null, list: null, map: null },
    ]);
  });

  it("finds columns by field id whatever files call them", async () => {
    const inner = [mapped("x", "integer", "px", 3), mapped("y", "integer", "py", 4)];
    const folder = await write({
      features: ["columnMapping"],
      mapping: "id",
      fields: [
        mapped("n", "integer", "pn", 1),
        mapped("s", { type: "struct", fields: inner }, "ps", 2),
        mapped("absent", "string", "pa", 9),
      ],
      files: {
        "a.parquet": [
          `SELECT 7::INT AS foo, {'bar': 8::INT, 'baz': 9::INT} AS pn
            $file (FORMAT parquet, FIELD_IDS {foo: 1, pn: {__duckdb_field_id: 2, bar: 4, baz: 3}})`,
          { stats: '{"numRecords":1,"nullCount":{"pn":0,"ps":{"px":0,"py":0},"pa":0}}' },
        ],
      },
    });
    expect(await read(folder)).toEqual([{ n: 7, s: { x: 9, y: 8 }, absent: null }]);
  });

  it("has columns widened since older files", async () => {
    const folder = await write({
      features: ["typeWidening", "timestampNtz"],
      fields: [
        widened("i", "byte", "long"),
        widened("f", "float", "double"),
        widened("m", "integer", "decimal(12,2)"),
        widened("d", "date", "timestamp_ntz"),
        field(
          "l",
          { type: "array", elementType: "long", containsNull: true },
          {
            "delta.typeChanges": [{ fromType: "short", toType: "long", fieldPath: "element" }],
          },
        ),
      ],
      files: {
        "old.parquet": [
          "SELECT 1::TINYINT AS i, 0.5::FLOAT AS f, 3::INT AS m, DATE '2026-01-31' AS d, [5::SMALLINT] AS l $file (FORMAT parquet)",
          { stats: '{"numRecords":1,"nullCount":{"i":0,"f":0,"m":0,"d":0,"l":0}}' },
        ],
        "new.parquet": [
          "SELECT 4294967296::BIGINT AS i, 0.1::DOUBLE AS f, 12345.67::DECIMAL(12,2) AS m, TIMESTAMP '2026-01-31 10:00:00.000001' AS d, [4294967296::BIGINT] AS l $file (FORMAT parquet)",
          { stats: '{"numRecords":1,"nullCount":{"i":0,"f":0,"m":0,"d":0,"l":0}}' },
        ],
      },
    });
    expect(await read(folder)).toEqual([
      { i: 1, f: 0.5, m: "3.00", d: "2026-01-31T00:00:00.000Z", l: [5] },
      {
        i: 4_294_967_296,
        f: 0.1,
        m: "12345.67",
        d: "2026-01-31T10:00:00.000001Z",
        l: [4_294_967_296],
      },
    ]);
  });

  it("is partitioned by values of every type and any character", async () => {
    const types = {
      s: "string",
      l: "long",
      y: "byte",
      d: "double",
      b: "boolean",
      m: "decimal(5,2)",
      t: "timestamp",
      w: "timestamp_ntz",
      x: "binary",
      day: "date",
    };
    const values = [
      [
        "a/b",
        "1",
        "-1",
        "1.5",
        "true",
        "1.50",
        "2026-01-31T10:00:00.000001Z",
        "2026-01-31 10:00:00.000001",
        "\u0001é",
        "2026-01-31",
      ],
      [
        "it's 😀 %2F=",
        "2",
        "2",
        "-Infinity",
        "false",
        "-0.01",
        "2026-01-31 10:00:00",
        "2026-01-31 10:00:00",
        "\\x00",
        "0001-01-01",
      ],
      ["", null, "", null, "", null, "", null, "", null],
    ];
    const partition = (row: readonly (string | null)[]) =>
      Object.fromEntries(Object.keys(types).map((name, i) => [name, row[i] ?? null]));
    const folder = await write({
      features: ["timestampNtz"],
      fields: [field("n", "integer"), ...Object.entries(types).map(([n, t]) => field(n, t))],
      partitionBy: Object.keys(types),
      files: Object.fromEntries(
        values.map((row, n) => [
          `s=a%2Fb odd 😀/${n}.parquet`,
          [`SELECT ${n}::INT AS n $file (FORMAT parquet)`, { partitionValues: partition(row) }],
        ]),
      ),
    });
    expect(await read(folder)).toEqual([
      {
        n: 0,
        s: "a/b",
        l: 1,
        y: -1,
        d: 1.5,
        b: true,
        m: "1.50",
        t: "2026-01-31T10:00:00.000001Z",
        w: "2026-01-31T10:00:00.000001Z",
        x: base64("\u0001é"),
        day: "2026-01-31",
      },
      {
        n: 1,
        s: "it's 😀 %2F=",
        l: 2,
        y: 2,
        d: null,
        b: false,
        m: "-0.01",
        t: "2026-01-31T10:00:00.000Z",
        w: "2026-01-31T10:00:00.000Z",
        x: base64("\\x00"),
        day: "0001-01-01",
      },
      {
        n: 2,
        s: null,
        l: null,
        y: null,
        d: null,
        b: null,
        m: null,
        t: null,
        w: null,
        x: null,
        day: null,
      },
    ]);
  });

  it("takes no folder above it for a column", async () => {
    const files = ["a", "b"].map((key, n) => [
      `s=${key}/${n}.parquet`,
      [`SELECT ${n}::INT AS n $file (FORMAT parquet)`, { partitionValues: { s: key } }],
    ]);
    const folder = await write(
      {
        fields: [field("n", "integer"), field("s", "string")],
        partitionBy: ["s"],
        files: Object.fromEntries(files) as Files,
      },
      "n=9",
    );
    expect(await read(folder)).toEqual([
      { n: 0, s: "a" },
      { n: 1, s: "b" },
    ]);
  });

  it("has ten thousand columns", async () => {
    const names = upTo(10_000).map((i) => `c${i}`);
    const folder = await write({
      fields: names.map((name) => field(name, "integer")),
      files: {
        "a.parquet": [
          `SELECT ${names
            .slice(0, 5_000)
            .map((n, i) => `${i}::INT AS ${n}`)
            .join(", ")} $file (FORMAT parquet)`,
        ],
      },
    });
    const [row] = await read(folder);
    expect([row?.["c0"], row?.["c4999"], row?.["c5000"]]).toEqual([0, 4_999, null]);
  }, 60_000);

  it("holds columns of nothing but NULL, which no file has", async () => {
    const fields = [field("n", "integer"), field("v", "void")];
    const struct = { type: "struct", fields: [field("a", "integer"), field("v", "void")] };
    const folder = await write({
      fields: [...fields, field("s", struct)],
      files: { "a.parquet": ["SELECT 1::INT AS n, {'a': 2::INT} AS s $file (FORMAT parquet)"] },
    });
    expect(await read(folder)).toEqual([{ n: 1, v: null, s: { a: 2, v: null } }]);
  });

  it("says which file is not as the log says", async () => {
    const one = "SELECT 1::INT AS n $file (FORMAT parquet)";
    const folder = await write({
      fields: [field("n", "integer")],
      features: ["deletionVectors"],
      files: {
        "right.parquet": [one, counted(1)],
        "counted.parquet": [one, counted(2)],
        "cut.parquet": [one, counted(1)],
        "gone.parquet": [one, counted(1)],
        "broken.parquet": [one, counted(1)],
        "vector.parquet": [
          one,
          {
            ...counted(1),
            deletionVector: {
              storageType: "i",
              pathOrInlineDv: "?",
              sizeInBytes: 1,
              cardinality: 1,
            },
          },
        ],
      },
    });
    const bytes = await readFile(join(folder, "cut.parquet"));
    await writeFile(join(folder, "cut.parquet"), bytes.subarray(1));
    await rm(join(folder, "gone.parquet"));
    await writeFile(join(folder, "broken.parquet"), Buffer.alloc(bytes.length));
    const objects = fsObjectStore({ dir: folder, exactNames: true });
    const table = deltaTableReader({ objects, name: "t" });
    const reader = duckdbTableReader({ objects });
    const problems = new Map<string, string>();
    for await (const { key, problem } of reader.problems(await table.snapshot())) {
      problems.set(key, problem);
    }
    await reader.close();
    await table.close();
    expect(Object.fromEntries(problems)).toEqual({
      "counted.parquet": "has 1 rows, not 2",
      "cut.parquet": expect.stringMatching(/^has \d+ bytes, not \d+$/),
      "gone.parquet": "is gone",
      "broken.parquet": expect.stringContaining("cannot be read"),
      "vector.parquet": expect.stringContaining("cannot be read"),
    });
  });
});

async function read(folder: string): Promise<ResultRow[]> {
  const objects = fsObjectStore({ dir: folder, exactNames: true });
  const table = deltaTableReader({ objects, name: "t" });
  const reader = duckdbTableReader({ objects });
  const rows: ResultRow[] = [];
  try {
    for await (const part of reader.rows(await table.snapshot())) rows.push(...part);
  } finally {
    await reader.close();
    await table.close();
  }
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function field(name: string, type: unknown, metadata = {}): object {
  return { name, type, nullable: true, metadata };
}

function mapped(name: string, type: unknown, physicalName: string, id: number): object {
  return field(name, type, {
    "delta.columnMapping.physicalName": physicalName,
    "delta.columnMapping.id": id,
  });
}

function widened(name: string, fromType: string, toType: string): object {
  return field(name, toType, { "delta.typeChanges": [{ fromType, toType }] });
}

function counted(numRecords: number): object {
  return { stats: JSON.stringify({ numRecords }) };
}

function base64(characters: string): string {
  return Buffer.from(characters).toString("base64");
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** A vector as a file holds it. */
function framed(vector: Uint8Array): Buffer {
  const bytes = Buffer.alloc(vector.length + 8);
  bytes.writeUInt32BE(vector.length);
  bytes.set(vector, 4);
  bytes.writeUInt32BE(crc32(vector), vector.length + 4);
  return bytes;
}
