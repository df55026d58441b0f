import { type LakeRow, lakeDb, lakeFunctions, lakeQuery } from "@ecap/sdk/sql";
import type { InferResult } from "kysely";
import { describe, expect, expectTypeOf, it } from "vitest";

const columns = [
  { name: "tenant", type: "string", nullable: false },
  { name: "date", type: "date", nullable: false },
  { name: "total", type: "decimal(18,4)" },
  { name: "quantity", type: "integer" },
] as const;
interface Tables {
  readonly orders: LakeRow<typeof columns>;
  readonly refunds: LakeRow<typeof columns>;
}
const db = lakeDb<Tables>();

describe("lakeQuery", () => {
  it("compiles SQL with numbered parameters and finds the tables", () => {
    const built = db
      .selectFrom("orders as o")
      .leftJoin("refunds", "refunds.date", "o.date")
      .select(["o.date", "o.total"])
      .where("o.quantity", ">", 3)
      .where("o.tenant", "=", "x' OR true --");
    expect(lakeQuery(built, { tenant: "acme", reads: { orders: { version: 3 } } })).toEqual({
      tenant: "acme",
      sql: 'select "o"."date", "o"."total" from "orders" as "o" left join "refunds" on "refunds"."date" = "o"."date" where "o"."quantity" > $1 and "o"."tenant" = $2',
      parameters: [3, "x' OR true --"],
      tables: { orders: { version: 3 }, refunds: {} },
    });
  });

  it("finds tables in subqueries and WITH, and leaves out what WITH makes", () => {
    const built = db
      .with("daily", (q) => q.selectFrom("orders").select("date").groupBy("date"))
      .selectFrom("daily")
      .select("date")
      .where((eb) =>
        eb.exists(
          eb.selectFrom("refunds").select("total").whereRef("refunds.date", "=", "daily.date"),
        ),
      );
    expect(lakeQuery(built, { tenant: "acme" }).tables).toEqual({ orders: {}, refunds: {} });
  });

  it("knows the types of columns", () => {
    const query = db.selectFrom("orders").selectAll();
    expectTypeOf<InferResult<typeof query>[number]>().toEqualTypeOf<{
      tenant: string;
      date: string;
      total: string | null;
      quantity: number | null;
    }>();
  });
});

describe("lakeFunctions", () => {
  const f = lakeFunctions("duckdb");
  it.each(["2026-1-1", "2026-01-01' OR true", "", "2026-99-99"])("refuse the date %j", (from) => {
    const build = () =>
      db
        .selectFrom("orders")
        .select((eb) => f.inDates(eb.ref("date"), { from, to: "2026-02-01" }).as("x"));
    expect(build).toThrow(expect.objectContaining({ code: "ECAP_QUERY_INVALID" }));
  });

  it("spell for Spark what it calls otherwise", () => {
    const s = lakeFunctions("spark");
    const { sql } = db
      .selectFrom("orders")
      .select((eb) => [
        s.firstBy(eb.ref("total"), eb.ref("date")).as("first"),
        s.quantile(eb.ref("total"), 0.5).as("median"),
        s.daysBetween(eb.ref("date"), eb.ref("date")).as("days"),
      ])
      .compile();
    expect(sql).toContain('min_by("total", "date")');
    expect(sql).toContain('percentile(CAST("total" AS double), 0.5)');
    expect(sql).toContain('datediff("date", "date")');
  });
});
