import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { type DuckdbQueryEngine, duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { type LakeRow, lakeDb, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { ExpressionBuilder, RawBuilder } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const columns = [
  { name: "tenant", type: "string", nullable: false },
  { name: "date", type: "date", nullable: false },
  { name: "at", type: "timestamp", nullable: false },
  { name: "customer", type: "string" },
  { name: "total", type: "decimal(18,4)" },
  { name: "quantity", type: "integer" },
] as const;
interface Tables {
  readonly sales: LakeRow<typeof columns>;
}
type Builder = ExpressionBuilder<Tables, "sales">;

describe("lake functions on DuckDB", () => {
  let engine: DuckdbQueryEngine;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), "ecap-functions-"));
    const objects = fsObjectStore({ dir });
    const tables = deltaTableStore({ objects });
    engine = duckdbQueryEngine({ tables, objects });
    await tables.ensure("sales", { columns, partitionBy: ["tenant", "date"] });
    await tables.append("sales", [
      sale("2026-01-31T23:59:59.999Z", "ann", "0.10", 1), // a Saturday
      sale("2026-02-01T00:00:00.000Z", "ann", "0.20", 2), // a Sunday
      sale("2026-02-02T12:30:00.000Z", "bob", null, 3), // a Monday
      sale("2026-03-29T01:30:00.000Z", null, "-5.00", 4), // the hour Europe skips
    ]);
    close = async () => {
      await engine.close();
      await tables.close();
      await rm(dir, { recursive: true });
    };
  });
  afterAll(() => close());

  const f = lakeFunctions("duckdb");
  const db = lakeDb<Tables>();

  /** The expression for every row, in order of time. */
  const values = async (build: (eb: Builder) => RawBuilder<unknown>) => {
    const query = db
      .selectFrom("sales")
      .select((eb) => build(eb).as("value"))
      .orderBy("at");
    return (await queryLake(engine, query, { tenant: "acme" })).rows.map((row) => row.value);
  };

  it("cut dates, weeks from Monday, in UTC", async () => {
    expect(await values((eb) => f.truncDate("hour", eb.ref("at")))).toEqual([
      "2026-01-31T23:00:00.000Z",
      "2026-02-01T00:00:00.000Z",
      "2026-02-02T12:00:00.000Z",
      "2026-03-29T01:00:00.000Z",
    ]);
    expect(await values((eb) => f.truncDate("day", eb.ref("at")))).toEqual([
      "2026-01-31",
      "2026-02-01",
      "2026-02-02",
      "2026-03-29",
    ]);
    expect(await values((eb) => f.truncDate("week", eb.ref("date")))).toEqual([
      "2026-01-26",
      "2026-01-26",
      "2026-02-02",
      "2026-03-23",
    ]);
    expect(await values((eb) => f.truncDate("month", eb.ref("at")))).toEqual([
      "2026-01-01",
      "2026-02-01",
      "2026-02-01",
      "2026-03-01",
    ]);
    expect(await values((eb) => f.truncDate("quarter", eb.ref("at")))).toEqual(
      Array(4).fill("2026-01-01"),
    );
    expect(await values((eb) => f.truncDate("year", eb.ref("date")))).toEqual(
      Array(4).fill("2026-01-01"),
    );
    expect(await values((eb) => f.toDate(eb.ref("at")))).toEqual([
      "2026-01-31",
      "2026-02-01",
      "2026-02-02",
      "2026-03-29",
    ]);
  });

  it("count and move days and months", async () => {
    const first = db.selectFrom("sales").select((eb) => eb.fn.min("at").as("first"));
    expect(await values((eb) => f.daysBetween(first, eb.ref("at")))).toEqual([0, 1, 2, 57]);
    expect(await values((eb) => f.monthsBetween(eb.ref("date"), first))).toEqual([0, -1, -1, -2]);
    expect(await values((eb) => f.secondsBetween(first, eb.ref("at")))).toEqual([
      0, 0.001, 131_400.001, 4_843_800.001,
    ]);
    expect(await values((eb) => f.addDays(eb.ref("date"), -1))).toEqual([
      "2026-01-30",
      "2026-01-31",
      "2026-02-01",
      "2026-03-28",
    ]);
    expect(await values((eb) => f.addMonths(eb.ref("date"), 1))).toEqual([
      "2026-02-28",
      "2026-03-01",
      "2026-03-02",
      "2026-04-29",
    ]);
    expect(await values((eb) => f.hourOfDay(eb.ref("at")))).toEqual([23, 0, 12, 1]);
    expect(await values((eb) => f.dayOfWeek(eb.ref("date")))).toEqual([6, 7, 1, 7]);
    const february = { from: "2026-02-01", to: "2026-03-01" };
    expect(await values((eb) => f.inDates(eb.ref("date"), february))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("aggregate, with conditions, exactly", async () => {
    const query = db
      .selectFrom("sales")
      .select((eb) => [
        f.sum0(eb.ref("total")).as("sum"),
        f.sumWhere(eb.ref("total"), eb("total", ">", "0")).as("positive"),
        f.sumWhere(eb.ref("total"), eb("quantity", ">", 99)).as("none"),
        f.countWhere(eb("customer", "=", "ann")).as("anns"),
        f.countDistinct(eb.ref("customer")).as("customers"),
        f.countDistinctWhere(eb.ref("customer"), eb("quantity", "<", 3)).as("some"),
        f.countDistinctApproximately(eb.ref("customer")).as("about"),
        f.firstBy(eb.ref("total"), eb.ref("at")).as("first"),
        f.lastBy(eb.ref("customer"), eb.ref("at")).as("last"),
        f.quantile(eb.ref("quantity"), 0.5).as("median"),
        f.quantile(eb.ref("total"), 1).as("most"),
        f.ratio(f.sum0(eb.ref("total")), f.countDistinct(eb.ref("customer"))).as("each"),
        f.ratio(f.sum0(eb.ref("total")), f.countWhere(eb("quantity", ">", 99))).as("by_zero"),
        f.roundTo(f.sum0(eb.ref("total")), 1).as("rounded"),
        f.coalesce0(eb.fn.max("total")).as("max"),
      ]);
    expect((await queryLake(engine, query, { tenant: "acme" })).rows).toEqual([
      {
        sum: "-4.7000",
        positive: "0.3000",
        none: "0.0000",
        anns: 2,
        customers: 2,
        some: 1,
        about: 2,
        first: "0.1000",
        last: null,
        median: 2.5,
        most: 0.2,
        each: -2.35,
        by_zero: null,
        rounded: "-4.7",
        max: "0.2000",
      },
    ]);
  });

  it("group by what they cut, with parameters and a table of WITH", async () => {
    const query = db
      .with("kept", (q) => q.selectFrom("sales").selectAll().where("quantity", "<=", 3))
      .selectFrom("kept")
      .select((eb) => [
        f.truncDate("month", eb.ref("at")).as("month"),
        f.sum0(eb.ref("total")).as("revenue"),
      ])
      .groupBy((eb) => f.truncDate("month", eb.ref("at")))
      .orderBy("month");
    expect((await queryLake(engine, query, { tenant: "acme" })).rows).toEqual([
      { month: "2026-01-01", revenue: "0.1000" },
      { month: "2026-02-01", revenue: "0.2000" },
    ]);
  });
});

const sale = (at: string, customer: string | null, total: string | null, quantity: number) => ({
  tenant: "acme",
  date: at.slice(0, 10),
  at: Date.parse(at),
  customer,
  total,
  quantity,
});
