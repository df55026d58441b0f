import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

describe("optimize by a Z-order", () => {
  const suite = suiteTables();
  /** Rows over a square, in an order that has nothing to do with it: twenty files that each span all of it. */
  const filled = async () => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema);
    for (let file = 0; file < 20; file++) {
      await table.append(
        Array.from({ length: 200 }, (_, i) => {
          const id = file * 200 + i;
          return row((id * 7919) % 4_000, { n: (id * 104_729) % 4_000, word: `w${id}` });
        }),
      );
    }
    return table;
  };
  const span = async (column: string, low: number, high: number) => {
    const { files } = await suite.fixture.open(suite.path).snapshot();
    const matching = files.filter(
      ({ min, max }) => Number(min?.[column]) <= high && Number(max?.[column]) >= low,
    );
    return { files: files.length, matching: matching.length };
  };

  it("leaves far fewer files for a range of any of its columns, and the same rows", async () => {
    const table = await filled();
    const before = await suite.fixture.rows(suite.path);
    expect(await span("id", 100, 200)).toEqual({ files: 20, matching: 20 });
    expect(await span("n", 3_000, 3_100)).toEqual({ files: 20, matching: 20 });
    const bytes = (await table.snapshot()).files.reduce((sum, { size }) => sum + size, 0);
    const outcome = await table.optimize({ zorderBy: ["id", "N"], targetBytes: bytes / 16 });
    expect(outcome.metrics).toMatchObject({ numRemovedFiles: 20, numAddedFiles: 16 });
    for (const [column, low] of [
      ["id", 100],
      ["n", 3_000],
    ] as const) {
      const { files, matching } = await span(column, low, low + 100);
      expect(files).toBe(16);
      expect(matching).toBeLessThanOrEqual(5);
    }
    expect(await suite.fixture.rows(suite.path)).toEqual(before);
    expect((await table.history())[0]?.info["operationParameters"]).toMatchObject({
      zOrderBy: '["id","n"]',
    });
  });

  it("orders each partition by itself, NULLs first, and refuses columns without an order", async () => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema);
    await table.append([
      row(1, { n: null }),
      row(2),
      row(3, { part: "b" }),
      row(4, { part: null }),
    ]);
    await table.optimize({ zorderBy: ["n"], where: "part = 'a'" });
    expect((await suite.fixture.rows(suite.path)).map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    expect((await table.snapshot()).files).toHaveLength(3);
    for (const column of ["part", "nothing"]) {
      await expect(table.optimize({ zorderBy: [column] })).rejects.toMatchObject({ path: column });
    }
  });
});
