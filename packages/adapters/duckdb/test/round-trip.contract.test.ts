import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { TableSchema } from "@ecap/sdk";
import * as fc from "fast-check";
import { expect, it } from "vitest";

const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "n", type: "integer", nullable: false },
    { name: "words", type: "string" },
    { name: "amount", type: "decimal(38,9)" },
    { name: "total", type: "long" },
    { name: "ratio", type: "double" },
    { name: "gift", type: "boolean" },
    { name: "day", type: "date" },
    { name: "at", type: "timestamp" },
    { name: "raw", type: "binary" },
  ],
  partitionBy: ["tenant"],
};

const or = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const words = fc
  .string({ unit: "grapheme", maxLength: 80 })
  .filter((text) => !/\p{Surrogate}|\0/u.test(text));
const limit = 10n ** 38n;
const cells = fc.record({
  tenant: fc.constantFrom("acme", "a'b/ü", "__x%20", "=", "null"),
  words: or(words),
  scaled: or(fc.bigInt({ min: 1n - limit, max: limit - 1n })),
  total: or(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  ratio: or(fc.double({ noNaN: true, noDefaultInfinity: true })),
  gift: or(fc.boolean()),
  day: or(
    fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
  ),
  at: or(
    fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
  ),
  raw: or(fc.uint8Array({ maxLength: 20 })),
});

it("gives back every cell as it was appended (property)", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-round-trip-"));
  const objects = fsObjectStore({ dir });
  const tables = deltaTableStore({ objects });
  const engine = duckdbQueryEngine({ tables, objects });
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(cells, { minLength: 1, maxLength: 40 }), async (given) => {
        const table = `t${run++}`;
        await tables.ensure(table, schema);
        const rows = given.map(({ scaled, day, at, ...rest }, n) => ({
          ...rest,
          n,
          amount: scaled === null ? null : decimal(scaled),
          day: day?.toISOString().slice(0, 10) ?? null,
          at: at?.getTime() ?? null,
        }));
        await tables.append(table, rows);
        for (const tenant of new Set(rows.map((row) => row.tenant))) {
          const sql = `SELECT * FROM ${table} ORDER BY n`;
          const result = await engine.query({ sql, tenant, tables: { [table]: {} } });
          const expected = rows
            .filter((row) => row.tenant === tenant)
            .map((row) => ({
              ...row,
              total: row.total === null ? null : integer(row.total),
              ratio: row.ratio === 0 ? expect.closeTo(0) : row.ratio,
              at: row.at === null ? null : new Date(row.at).toISOString(),
              raw: row.raw && Buffer.from(row.raw).toString("base64"),
            }));
          expect(result.rows).toEqual(expected);
        }
      }),
      { numRuns: 15 },
    );
  } finally {
    await engine.close();
    await tables.close();
    await rm(dir, { recursive: true });
  }
});

function decimal(scaled: bigint): string {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(10, "0");
  return `${scaled < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function integer(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
