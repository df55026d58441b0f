import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

describe("delete and update", () => {
  const suite = suiteTables();
  const filled = async () => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema);
    await table.append([row(1), row(2), row(3)]);
    await table.append([row(4, { part: "b" }), row(5, { part: "b" })]);
    await table.append([row(6, { part: null, n: null, word: null })]);
    return table;
  };
  const ids = async () => (await suite.fixture.rows(suite.path)).map(({ id }) => id);

  it("deletes rows, writing anew only files that keep some", async () => {
    const table = await filled();
    const before = (await table.snapshot()).files.map((file) => file.key);
    const outcome = await table.delete({ where: "id = 2 OR part = 'b'" });
    expect(outcome).toEqual({
      version: 4,
      metrics: { numDeletedRows: 3, numRemovedFiles: 2, numAddedFiles: 1 },
    });
    expect(await ids()).toEqual([1, 3, 6]);
    const after = (await table.snapshot()).files;
    expect(after.filter((file) => before.includes(file.key))).toHaveLength(1);
    expect(after.find((file) => !before.includes(file.key))).toMatchObject({
      rows: 2,
      partition: { part: "a" },
      min: { id: 1, n: 10, word: "w1" },
      max: { id: 3, n: 30, word: "w3" },
    });
  });

  it("keeps rows for which the condition is NULL, and makes no version where nothing goes", async () => {
    const table = await filled();
    expect((await table.delete({ where: "n > 1000" })).version).toBeUndefined();
    await table.delete({ where: "n >= 0" });
    expect(await ids()).toEqual([6]);
    expect((await table.delete()).metrics).toMatchObject({ numDeletedRows: 1 });
    expect(await ids()).toEqual([]);
  });

  it("updates rows, also into another partition and by columns of the row", async () => {
    const table = await filled();
    const outcome = await table.update({
      set: { n: "n + id", part: "CASE WHEN id = 1 THEN 'b/ü=' ELSE part END", word: "upper(word)" },
      where: "part = 'a' AND id < 3",
    });
    expect(outcome.metrics).toMatchObject({ numUpdatedRows: 2 });
    expect(await suite.fixture.rows(suite.path)).toEqual([
      { part: "b/ü=", id: 1, n: 11, word: "W1" },
      { part: "a", id: 2, n: 22, word: "W2" },
      { part: "a", id: 3, n: 30, word: "w3" },
      { part: "b", id: 4, n: 40, word: "w4" },
      { part: "b", id: 5, n: 50, word: "w5" },
      { part: null, id: 6, n: null, word: null },
    ]);
  });

  it("reads only files that may hold such rows", async () => {
    const table = await filled();
    const [file] = (await table.snapshot()).files.filter((each) => each.partition["part"] === "a");
    await suite.fixture.objects.put(file?.key ?? "", new Uint8Array([1, 2, 3]));
    await table.update({ set: { n: "0" }, where: "part = 'b' AND id BETWEEN 5 AND 9" });
    await table.delete({ where: "id IN (4, 6) AND (word IS NULL OR target.word >= 'w4')" });
    await expect(table.delete({ where: "id = 1" })).rejects.toMatchObject({
      code: "ECAP_STORAGE_CORRUPT",
    });
  });

  it.each([
    ["two expressions", "id = 1, true"],
    ["a statement", "id = 1); DROP TABLE x; SELECT (1"],
    ["another table", "id IN (SELECT id FROM other)"],
    ["a file", "id IN (SELECT 1 FROM read_csv('/etc/passwd'))"],
    ["a column that is not there", "colour = 'red'"],
    ["a clause more", "true) FROM generate_series(1, 2) AS g(a) WHERE (true"],
  ])("refuses a condition with %s, and changes nothing", async (_, where) => {
    const table = await filled();
    await expect(table.delete({ where })).rejects.toMatchObject({ code: "ECAP_QUERY_INVALID" });
    expect((await table.snapshot()).version).toBe(3);
  });

  it("refuses to set a column that is not there, NULL where it is not allowed, and an empty partition value", async () => {
    const table = await filled();
    const refused = { code: "ECAP_TABLE_SCHEMA" };
    await expect(table.update({ set: { colour: "1" } })).rejects.toMatchObject(refused);
    await expect(table.update({ set: { id: "NULL" }, where: "id = 2" })).rejects.toMatchObject({
      ...refused,
      path: "id",
    });
    await expect(table.update({ set: { part: "''" } })).rejects.toMatchObject(refused);
    expect(await suite.fixture.keys(`${suite.path}/part=`)).toHaveLength(3);
    expect((await table.snapshot()).version).toBe(3);
  });
});
