import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LakeFixture, lakeFixture } from "./lake-fixture.ts";

describe("results as Arrow record batches", () => {
  let lake: LakeFixture;
  beforeAll(async () => {
    lake = await lakeFixture();
  });
  afterAll(() => lake.close());

  const read = async (sql: string) => {
    const stream = await lake.engine.stream({ sql, tenant: "acme", tables: {}, maxRows: 1e6 });
    const messages: Uint8Array[] = [];
    for await (const message of stream.arrow()) messages.push(message);
    return { messages, table: tableFromIPC(Buffer.concat(messages)) };
  };

  it("hold every type", async () => {
    const { table } = await read(`
      SELECT * FROM (VALUES
        (true, 1::TINYINT, -2::SMALLINT, 3::INTEGER, 1099511627776::BIGINT, 5::UTINYINT, 6::USMALLINT, 7::UINTEGER, 8::UBIGINT,
         1.5::FLOAT, 2.5::DOUBLE, 'grüße 🎁', DATE '2026-01-31', TIMESTAMP '2026-01-31 10:00:00.000001', TIMESTAMPTZ '2026-01-31 10:00:00Z',
         (-12.34)::DECIMAL(18,4), (-99999999999999999999999999999999999999)::DECIMAL(38,0), 12::HUGEINT, '\\xAB'::BLOB, [1, 2], {'a': 'b'}, TIME '10:00', INTERVAL 1 DAY),
        (${Array.from({ length: 23 }, () => "NULL").join(", ")})
      ) t(bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, words, day, ntz, instant, money, large, huge, raw, list, struct, clock, span)`);
    expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toMatchInlineSnapshot(`
      [
        "bool Bool",
        "i8 Int8",
        "i16 Int16",
        "i32 Int32",
        "i64 Int64",
        "u8 Uint8",
        "u16 Uint16",
        "u32 Uint32",
        "u64 Uint64",
        "f32 Float32",
        "f64 Float64",
        "words Utf8",
        "day Date32<DAY>",
        "ntz Timestamp<MICROSECOND>",
        "instant Timestamp<MICROSECOND, UTC>",
        "money Decimal[18e+4]",
        "large Decimal[38e0]",
        "huge Decimal[38e0]",
        "raw Binary",
        "list Utf8",
        "struct Utf8",
        "clock Utf8",
        "span Utf8",
      ]
    `);
    expect(table.get(0)?.toJSON()).toMatchInlineSnapshot(`
      {
        "bool": true,
        "clock": "10:00:00",
        "day": 1769817600000,
        "f32": 1.5,
        "f64": 2.5,
        "huge": ""12"",
        "i16": -2,
        "i32": 3,
        "i64": 1099511627776n,
        "i8": 1,
        "instant": 1769853600000,
        "large": ""-99999999999999999999999999999999999999"",
        "list": "[1,2]",
        "money": ""-123400"",
        "ntz": 1769853600000.001,
        "raw": Uint8Array [
          171,
        ],
        "span": "1 day",
        "struct": "{"a":"b"}",
        "u16": 6,
        "u32": 7,
        "u64": 8n,
        "u8": 5,
        "words": "grüße 🎁",
      }
    `);
    expect(Object.values(table.get(1)?.toJSON() ?? {}).every((value) => value === null)).toBe(true);
    expect(table.getChild("words")?.get(0)).toBe("grüße 🎁");
  });

  it("come a batch at a time, as many as there are", async () => {
    const { messages, table } = await read(
      "SELECT x, x % 3 = 0 OR NULL AS third FROM range(10000) t(x)",
    );
    expect(messages.length).toBeGreaterThan(4);
    expect(table.numRows).toBe(10_000);
    expect([...(table.getChild("x") ?? [])].map(Number)).toEqual(
      Array.from({ length: 10_000 }, (_, i) => i),
    );
    expect([...(table.getChild("third") ?? [])].filter((value) => value === true)).toHaveLength(
      3_334,
    );
  });

  it("have their schema also without rows", async () => {
    const { table } = await read("SELECT 1 AS one WHERE false");
    expect(table.numRows).toBe(0);
    expect(table.schema.names).toEqual(["one"]);
  });
});
