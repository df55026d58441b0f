import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

describe("overwrite", () => {
  const suite = suiteTables();
  const filled = async () => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema);
    await table.append([row(1), row(2), row(3, { part: "b" }), row(4, { part: null })]);
    return table;
  };
  const ids = async (version?: number) =>
    (await suite.fixture.rows(suite.path, version)).map(({ id }) => id);

  it("puts rows in the place of all, and keeps the old version", async () => {
    const table = await filled();
    const { version } = await table.overwrite([row(9)]);
    expect(await ids()).toEqual([9]);
    expect(await ids((version ?? 0) - 1)).toEqual([1, 2, 3, 4]);
    await table.overwrite([]);
    expect(await ids()).toEqual([]);
  });

  it("replaces only partitions that the rows are of", async () => {
    const table = await filled();
    await table.overwrite([row(8), row(9, { part: null }), row(10, { part: "new" })], {
      replace: "partitions",
    });
    expect(await ids()).toEqual([3, 8, 9, 10]);
  });

  it("replaces the rows a condition is true of, which must be true of the new ones", async () => {
    const table = await filled();
    const replace = { where: "id >= 2 AND part = 'a'" };
    await table.overwrite([row(7), row(8)], { replace });
    expect(await ids()).toEqual([1, 3, 4, 7, 8]);
    const keys = await suite.fixture.keys(`${suite.path}/part=`);
    const refused = table.overwrite([row(7), row(1)], { replace });
    await expect(refused).rejects.toMatchObject({ code: "ECAP_TABLE_SCHEMA" });
    expect(await suite.fixture.keys(`${suite.path}/part=`)).toEqual(keys);
    const [newest] = await table.history();
    expect(newest).toMatchObject({
      operation: "WRITE",
      info: { operationParameters: { mode: "Overwrite", predicate: replace.where } },
    });
  });
});
