import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

describe("merge", () => {
  const suite = suiteTables();
  const filled = async () => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema);
    await table.append([row(1), row(2), row(3), row(4, { part: "b" })]);
    return table;
  };
  const cells = async () => (await suite.fixture.rows(suite.path)).map(({ id, n }) => [id, n]);
  const on = "target.id = source.id";

  it("updates rows that are there and inserts the others", async () => {
    const table = await filled();
    const outcome = await table.merge({
      rows: [row(2, { n: 7, part: "c" }), row(9, { n: 9, part: null })],
      on,
      whenMatched: [{ update: "all" }],
      whenNotMatched: [{ insert: "all" }],
    });
    expect(outcome.metrics).toMatchObject({ numTargetRowsInserted: 1, numTargetRowsChanged: 1 });
    expect(await suite.fixture.rows(suite.path)).toEqual([
      { part: "a", id: 1, n: 10, word: "w1" },
      { part: "c", id: 2, n: 7, word: "w2" },
      { part: "a", id: 3, n: 30, word: "w3" },
      { part: "b", id: 4, n: 40, word: "w4" },
      { part: null, id: 9, n: 9, word: "w9" },
    ]);
  });

  it("applies of every kind the first clause whose condition is true", async () => {
    const table = await filled();
    await table.merge({
      rows: [row(1, { n: 1 }), row(2, { n: -1 }), row(7, { n: 5 }), row(8, { n: 6 })],
      on,
      whenMatched: [
        { condition: "source.n < 0", delete: true },
        { condition: "target.n < 0", update: { n: "0" } },
        { update: { n: "target.n + source.n" } },
      ],
      whenNotMatched: [
        {
          condition: "source.n > 5",
          insert: { tenant: "source.tenant", id: "source.id", n: "-source.n" },
        },
      ],
      whenNotMatchedBySource: [
        { condition: "target.part = 'b'", delete: true },
        { update: { n: "target.n * 2" } },
      ],
    });
    expect(await cells()).toEqual([
      [1, 11],
      [3, 60],
      [8, -6],
    ]);
  });

  it("joins rows of another shape, and columns the source lacks keep their values", async () => {
    const table = await filled();
    await table.merge({
      rows: [{ key: 3, amount: "2.50" }],
      columns: [
        { name: "key", type: "integer" },
        { name: "amount", type: "decimal(10,2)" },
      ],
      on: "target.id = source.key AND target.part = 'a'",
      whenMatched: [{ update: { n: "CAST(target.n * source.amount AS BIGINT)" } }],
    });
    expect(await cells()).toEqual([
      [1, 10],
      [2, 20],
      [3, 75],
      [4, 40],
    ]);
  });

  it("makes no version where nothing changes, and touches no file without a change", async () => {
    const table = await filled();
    const before = (await table.snapshot()).files.map((file) => file.key);
    const merged = await table.merge({ rows: [row(50)], on, whenMatched: [{ update: "all" }] });
    expect(merged.version).toBeUndefined();
    await table.merge({
      rows: [row(4, { n: 0, part: "b" })],
      on,
      whenMatched: [{ update: "all" }],
    });
    const after = (await table.snapshot()).files.map((file) => file.key);
    expect(after.filter((key) => before.includes(key))).toHaveLength(1);
  });

  it("refuses two rows of the source for one row, unless it is deleted anyway", async () => {
    const table = await filled();
    const rows = [row(2, { n: 5 }), row(2, { n: 6 })];
    await expect(table.merge({ rows, on, whenMatched: [{ update: "all" }] })).rejects.toMatchObject(
      { code: "ECAP_TABLE_SCHEMA" },
    );
    await table.merge({ rows, on, whenMatched: [{ delete: true }] });
    expect(await cells()).toEqual([
      [1, 10],
      [3, 30],
      [4, 40],
    ]);
  });

  it("writes nothing where an inserted row lacks what it must have", async () => {
    const table = await filled();
    const insert = { tenant: "source.tenant", n: "source.n" };
    await expect(
      table.merge({
        rows: [row(1, { n: 0 }), row(70)],
        on,
        whenMatched: [{ update: "all" }],
        whenNotMatched: [{ insert }],
      }),
    ).rejects.toMatchObject({ code: "ECAP_TABLE_SCHEMA", path: "id" });
    expect(await suite.fixture.keys(`${suite.path}/part=`)).toHaveLength(2);
    expect((await table.snapshot()).version).toBe(1);
  });
});
