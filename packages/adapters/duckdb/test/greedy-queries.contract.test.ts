import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LakeFixture, lakeFixture } from "./lake-fixture.ts";

describe("a query that asks for too much, in a process with little memory,", () => {
  let lake: LakeFixture;
  beforeAll(async () => {
    lake = await lakeFixture({ memoryLimit: "100MB", maxResultLength: 1_000_000 });
  });
  afterAll(() => lake.close());

  const ask = async (sql: string, timeoutMs: number) =>
    (await lake.engine.query({ sql, tenant: "acme", tables: {}, timeoutMs })).rows;
  const stopped = { code: expect.stringMatching(/^ECAP_QUERY_(INVALID|TIMEOUT)$/) };

  it.each([
    [
      "repeats without end",
      "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) AS n FROM r",
    ],
    [
      "doubles without end",
      "WITH RECURSIVE r AS (SELECT 'x' AS t UNION ALL SELECT t || t FROM r) SELECT max(length(t)) AS n FROM r",
    ],
    ["makes a huge text", "SELECT repeat('x', 4000000000) AS t"],
    ["makes one of a length it computes", "SELECT 'x'.repeat(2 ** 32) AS t"],
    ["fills up to a huge text", "SELECT lpad('x', 1000000000, 'y') AS t"],
    ["formats to a huge text", "SELECT printf('%1000000000d', 1) AS t"],
    ["formats to a width it computes", "SELECT format('{:{}}', 1, 1000000000) AS t"],
    ["makes a huge list", "SELECT list_resize([1], 1000000000) AS l"],
    [
      "makes a large text of many rows",
      "SELECT string_agg(repeat('x', 1000), '') AS t FROM range(1000000)",
    ],
    ["gives more text than is held", "SELECT repeat('x', 10000) AS t FROM range(1000)"],
    [
      "makes a list of lists",
      "SELECT list(l) AS l FROM (SELECT range(100000) AS l FROM range(10000))",
    ],
    [
      "sorts all there is",
      "SELECT x FROM range(1000000000) t(x) ORDER BY hash(x) LIMIT 1 OFFSET 900000000",
    ],
    [
      "joins without a condition",
      "SELECT max(a.x * b.x) AS n FROM range(1000000) a(x), range(1000000) b(x)",
    ],
    ["nests too deep", `SELECT ${"abs(".repeat(900)}1${")".repeat(900)} AS one`],
    ["nests queries too deep", `${"(SELECT ".repeat(2_000)}1${")".repeat(2_000)}`],
    ["adds up too much", `SELECT ${"1 + ".repeat(20_000)}1 AS one`],
    ["opens comments that never close", `SELECT 1 of ${"a/*".repeat(100_000)}`],
    ["opens quotes that never close", `SELECT 1 of ${"$a$b".repeat(100_000)}`],
  ])("that %s, is stopped, and the next is answered", async (_, sql) => {
    await expect(ask(sql, 1_000)).rejects.toMatchObject(stopped);
    expect(await ask("SELECT 1 AS one", 30_000)).toEqual([{ one: 1 }]);
  });
});
