import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, openApi } from "../../src/commands/api.ts";
import type { Mapping } from "../../src/importing/mapping.ts";
import { type ImportReport, runImport } from "../../src/importing/run-import.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { csv, header, lines, mapping, noProgress, settings } from "./fixtures.ts";

let server: TestServer;
let api: Api;
let dir: string;

beforeAll(async () => {
  server = await startTestServer();
  api = await openApi(settings(server.dir));
  dir = await mkdtemp(join(tmpdir(), "ecap-import-"));
}, 60_000);
afterAll(async () => {
  await api.close();
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

async function bring(
  name: string,
  content: string | Uint8Array,
  how: Mapping,
): Promise<ImportReport> {
  const file = join(dir, name);
  await writeFile(file, content);
  return runImport(api, file, how, noProgress);
}

/** What the lake holds of orders, refunds and corrections whose ids begin so. */
async function held(prefix: string) {
  const [orders, orderLines, refunds] = await Promise.all([
    server.rows(
      `select order_id, total, customer_id, country from orders where order_id like '${prefix}%' order by 1`,
      "orders",
    ),
    server.rows(
      `select count(*) n, sum(quantity) units from order_lines where order_id like '${prefix}%'`,
      "order_lines",
    ),
    server.rows(`select count(*) n from refunds where refund_id like 'C${prefix}%'`, "refunds"),
  ]);
  return { orders, orderLines, refunds };
}

describe("a file of order lines", () => {
  it("becomes orders, refunds, corrections and stock changes, the same however often it is brought", async () => {
    expect(api.mode).toBe("server");
    const report = await bring("shop.csv", csv(lines("s")), mapping("shop"));
    expect(report.lines).toEqual({
      total: 9,
      byKind: { order: 6, refund: 1, adjustment: 1, stock_adjustment: 1 },
      unreadable: 0,
      droppedDuplicates: 0,
    });
    expect(report.events).toEqual({ accepted: 6, duplicate: 0, quarantined: 0 });
    const first = await held("s");
    expect(first.orders).toEqual([
      { order_id: "s1", total: "25.0100", customer_id: "17", country: "France" },
      { order_id: "s2", total: "99.9900", customer_id: null, country: "Ireland" },
      { order_id: "s3", total: "21.0000", customer_id: "18", country: "France" },
    ]);
    expect(first.orderLines).toEqual(
      [{ n: 6, units: "7.0000" }].map((row) => ({ ...row, units: first.orderLines[0]?.["units"] })),
    );
    expect(Number(first.orderLines[0]?.["units"])).toBe(7);
    expect(first.refunds).toEqual([{ n: 1 }]);
    const names = await server.rows(
      "select name from order_lines where order_id = 's1' and product_id = 'C'",
      "order_lines",
    );
    expect(names).toEqual([{ name: 'Table "oak"' }]);

    const again = await bring("shop.csv", csv(lines("s")), mapping("shop"));
    expect(again.events).toEqual({ accepted: 0, duplicate: 6, quarantined: 0 });
    expect(await held("s")).toEqual(first);
  });

  it("counts exactly equal lines once where that is asked for", async () => {
    const report = await bring("drop.csv", csv(lines("d")), mapping("drop", "duplicates: drop"));
    expect(report.lines.droppedDuplicates).toBe(1);
    expect((await held("d")).orders).toContainEqual(
      expect.objectContaining({ order_id: "d3", total: "10.5000" }),
    );
  });

  it("says which lines it could not read, and takes the others", async () => {
    const rows = [
      "u1,2026-01-05 10:00:00,A,Lamp,2,10.50,,France",
      "u2,yesterday,A,Lamp,2,10.50,,France",
      "u3,2026-01-05 10:00:00,A,Lamp,two,10.50,,France",
      "u4,2026-01-05 10:00:00,A,Lamp,2,free,,France",
      "u5",
      "u6,2026-01-05 10:00:00,A,Lamp,1,1,,France",
    ];
    const report = await bring("bad-lines.csv", csv(rows), mapping("bad-lines"));
    expect(report.lines).toMatchObject({ total: 6, byKind: { order: 2 }, unreadable: 4 });
    expect(report.problems).toEqual([
      'line 3: "yesterday" is no time',
      'line 4: "two" is no quantity',
      'line 5: "free" is no price',
      "line 6: it has 1 cells for 8 columns",
    ]);
    expect((await held("u")).orders.map((row) => row["order_id"])).toEqual(["u1", "u6"]);
  });

  it("is read plain or gzipped, with any line ends, with and without a mark at its beginning", async () => {
    const variants: ReadonlyArray<readonly [string, string | Uint8Array]> = [
      ["ga", gzipSync(csv(lines("ga")))],
      ["gb", csv(lines("gb")).replaceAll("\n", "\r\n")],
      ["gc", `\ufeff${csv(lines("gc"))}`],
      ["gd", csv(lines("gd")).trimEnd()],
    ];
    for (const [prefix, content] of variants) {
      const report = await bring(`${prefix}.csv`, content, mapping(prefix));
      expect(report.events, prefix).toEqual({ accepted: 6, duplicate: 0, quarantined: 0 });
      expect((await held(prefix)).orders[0], prefix).toMatchObject({ total: "25.0100" });
    }
  });

  it("may be NDJSON or Parquet", async () => {
    const columns = header.split(",");
    const objects = lines("n").map((line) => {
      const cells = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((match) =>
        (match[1] ?? "").replace(/^"|"$/g, "").replaceAll('""', '"'),
      );
      return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ""]));
    });
    const ndjson = objects.map((object) => JSON.stringify(object)).join("\n");
    const report = await bring("n.ndjson", ndjson, mapping("ndjson"));
    expect(report.events).toEqual({ accepted: 6, duplicate: 0, quarantined: 0 });
    const gzipped = await bring("n.jsonl.gz", gzipSync(ndjson), mapping("ndjson"));
    expect(gzipped.events.duplicate).toBe(6);

    await writeFile(join(dir, "p.csv"), csv(lines("p")));
    const duckdb = await DuckDBInstance.create(":memory:");
    const connection = await duckdb.connect();
    await connection.run(
      `copy (select invoice, time::timestamp as time, sku, name, qty::integer as qty, price::decimal(18,2) as price, customer, country from read_csv('${join(dir, "p.csv")}', all_varchar = true)) to '${join(dir, "p.parquet")}' (format parquet)`,
    );
    connection.closeSync();
    const parquet = await runImport(api, join(dir, "p.parquet"), mapping("parquet"), noProgress);
    expect(parquet.lines.unreadable, parquet.problems.join("; ")).toBe(0);
    expect(parquet.events).toEqual({ accepted: 6, duplicate: 0, quarantined: 0 });
    expect((await held("p")).orders).toMatchObject([
      { total: "25.0100" },
      { total: "99.9900" },
      { total: "21.0000" },
    ]);
  });

  it("may hold quotes long after its beginning, and orders of thousands of lines", async () => {
    const plain = Array.from(
      { length: 30_000 },
      (_, i) =>
        `q${Math.floor(i / 6_000)},2026-01-05 10:00:00,SKU${i},Thing number ${i},1,1.25,,France`,
    );
    const rows = [...plain, 'q9,2026-01-05 10:00:00,Z,"Chair, red, with ""arms""",1,2.50,,France'];
    const report = await bring("late-quotes.csv", csv(rows), mapping("late-quotes"));
    expect(report.problems).toEqual([]);
    expect(report.events.quarantined).toBe(0);
    const [sum] = await server.rows(
      "select sum(total) total, count(distinct order_id) orders from orders where order_id like 'q%'",
      "orders",
    );
    expect(sum).toEqual({ total: "37502.5000", orders: 6 });
    expect(
      await server.rows("select name from order_lines where order_id = 'q9'", "order_lines"),
    ).toEqual([{ name: 'Chair, red, with "arms"' }]);
  }, 60_000);

  it("has exact amounts also for parts of a unit", async () => {
    const rows = ["Af1,2026-02-04 09:00:00,B,Write-off,1.5,-0.33,,France"];
    await bring("fraction.csv", csv(rows), mapping("fraction"));
    const found = await server.rows(
      "select payload from bronze_transactions where source = 'import/fraction'",
      "bronze_transactions",
    );
    expect(found).toHaveLength(1);
    expect(JSON.parse(String(found[0]?.["payload"]))).toMatchObject({ data: { amount: "-0.495" } });
  });
});

describe("a file that cannot be read is a clear error", () => {
  const whole = csv(lines("x"));
  it.each<[string, string, string | Uint8Array, string, string]>([
    [
      "without a column the mapping names",
      "a.csv",
      whole.replace(",sku,", ",article,"),
      "ECAP_MAPPING_INVALID",
      'no column "sku"',
    ],
    ["that is empty", "b.csv", "", "ECAP_FILE_UNREADABLE", "is empty"],
    [
      "of gzip cut short",
      "c.csv.gz",
      gzipSync(whole.repeat(2_000)).subarray(0, 900),
      "ECAP_FILE_UNREADABLE",
      "broken or cut short",
    ],
    ["of no known kind", "d.xlsx", "x", "ECAP_FILE_UNREADABLE", "ends as none of"],
    [
      "of Parquet that is none",
      "e.parquet",
      "PAR1 nothing PAR1",
      "ECAP_FILE_UNREADABLE",
      "no whole Parquet file",
    ],
    [
      "of NDJSON with a line that is none",
      "f.ndjson",
      '{"invoice":"1"',
      "ECAP_FILE_UNREADABLE",
      "line 1",
    ],
    [
      "of NDJSON with a line that is no object",
      "g.ndjson",
      "null\n5",
      "ECAP_FILE_UNREADABLE",
      "line 1",
    ],
    [
      "whose bytes are no UTF-8",
      "h.csv",
      Uint8Array.from([...Buffer.from(whole), 0xff, 0xfe]),
      "ECAP_FILE_UNREADABLE",
      "broken",
    ],
  ])("%s", async (_, name, content, code, says) => {
    await expect(bring(name, content, mapping("unreadable"))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says) as string,
    });
  });

  it("that is not there", async () => {
    await expect(
      runImport(api, join(dir, "absent.csv"), mapping("absent"), noProgress),
    ).rejects.toMatchObject({ code: "ECAP_FILE_UNREADABLE" });
  });

  it("of a header alone has no lines", async () => {
    const report = await bring("header.csv", `${header}\n`, mapping("header"));
    expect(report.lines.total).toBe(0);
  });
});
