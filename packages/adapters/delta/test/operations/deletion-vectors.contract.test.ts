import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

describe("deletion vectors on request", () => {
  const suite = suiteTables();
  const filled = async () => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema, { properties: { "delta.enableDeletionVectors": "true" } });
    await table.append(Array.from({ length: 100 }, (_, id) => row(id)));
    await table.append([row(200, { part: "b" }), row(201, { part: "b" })]);
    return table;
  };
  const ids = async (version?: number) =>
    (await suite.fixture.rows(suite.path, version)).map(({ id }) => id);
  const vectors = async () =>
    (await suite.fixture.keys(`${suite.path}/`)).filter((key) => key.endsWith(".bin"));

  it("marks rows instead of writing files anew, once and again", async () => {
    const table = await filled();
    const before = (await table.snapshot()).files.map((file) => file.key);
    await table.delete({ where: "id % 10 = 3" });
    await table.delete({ where: "id BETWEEN 10 AND 19 OR id = 201" });
    const left = Array.from({ length: 100 }, (_, id) => id).filter(
      (id) => id % 10 !== 3 && (id < 10 || id > 19),
    );
    expect(await ids()).toEqual([...left, 200]);
    expect(await ids(2)).toHaveLength(102);
    const { files } = await table.snapshot();
    expect(files.map((file) => file.key).toSorted()).toEqual(before.toSorted());
    expect(files.map((file) => file.deleted?.count ?? 0).toSorted((a, b) => a - b)).toEqual([
      1, 19,
    ]);
    expect(await vectors()).toHaveLength(3);
  });

  it("removes a file with its last row, and writes anew what is updated, merged or compacted", async () => {
    const table = await filled();
    await table.delete({ where: "id < 50" });
    await table.delete({ where: "id >= 50 AND id < 99" });
    await table.delete({ where: "id = 99" });
    expect((await table.snapshot()).files).toHaveLength(1);
    await table.delete({ where: "id = 200" });
    await table.merge({
      rows: [row(201, { part: "b", n: 1 }), row(300, { part: "b" })],
      on: "target.id = source.id",
      whenMatched: [{ update: "all" }],
      whenNotMatched: [{ insert: "all" }],
    });
    await table.optimize();
    expect(await suite.fixture.rows(suite.path)).toEqual([
      { part: "b", id: 201, n: 1, word: "w201" },
      { part: "b", id: 300, n: 3000, word: "w300" },
    ]);
    expect((await table.snapshot()).files.some((file) => file.deleted)).toBe(false);
  });

  it("comes back to what was by restore, and vacuums vectors that no version needs", async () => {
    const table = await filled();
    await table.delete({ where: "id = 1" });
    await table.delete({ where: "id = 2" });
    await table.restore({ version: 3 });
    expect(await ids()).toHaveLength(101);
    const later = suite.fixture.open(suite.path, { clock: { now: () => Date.now() + 1e9 } });
    expect((await later.vacuum()).files).toHaveLength(1);
    expect(await vectors()).toHaveLength(1);
    expect(await ids()).toHaveLength(101);
  });
});
