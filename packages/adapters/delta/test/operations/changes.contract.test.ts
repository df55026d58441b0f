import type { DeltaLakeTable } from "@ecap/adapter-delta";
import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

const kept = { "delta.enableChangeDataFeed": "true" };
const on = "target.id = source.id";

/** Version, type, id and n of each change, in order. */
async function changes(table: DeltaLakeTable, from: number, to?: number): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const part of table.changes(to === undefined ? { from } : { from, to })) {
    for (const change of part) {
      rows.push(["_commit_version", "_change_type", "id", "n"].map((name) => change[name]));
    }
  }
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe("change data feed", () => {
  const suite = suiteTables();
  const created = async (properties: Readonly<Record<string, string>> = kept) => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema, { properties });
    await table.append([row(1), row(2), row(3, { part: "b" }), row(4, { part: "b" })]);
    return table;
  };
  const files = async () => suite.fixture.keys(`${suite.path}/_change_data/`);

  it("tells of appends and of whole files that go by these files alone", async () => {
    const table = await created();
    await table.delete({ where: "part = 'b'" });
    await table.overwrite([row(9)]);
    expect(await changes(table, 1)).toEqual([
      [1, "insert", 1, 10],
      [1, "insert", 2, 20],
      [1, "insert", 3, 30],
      [1, "insert", 4, 40],
      [2, "delete", 3, 30],
      [2, "delete", 4, 40],
      [3, "delete", 1, 10],
      [3, "delete", 2, 20],
      [3, "insert", 9, 90],
    ]);
    expect(await files()).toEqual([]);
  });

  it("tells how rows were before and after an update, and which a delete took, whole files among them", async () => {
    const table = await created();
    await table.update({ set: { n: "n + 1", part: "'c'" }, where: "id IN (2, 3)" });
    await table.delete({ where: "id > 1" });
    expect(await changes(table, 2)).toEqual([
      [2, "update_postimage", 2, 21],
      [2, "update_postimage", 3, 31],
      [2, "update_preimage", 2, 20],
      [2, "update_preimage", 3, 30],
      [3, "delete", 2, 21],
      [3, "delete", 3, 31],
      [3, "delete", 4, 40],
    ]);
    expect(await changes(table, 2, 2)).toHaveLength(4);
    await table.append([row(30)]);
    await table.optimize();
    expect(await changes(table, 5)).toEqual([]);
    expect((await files()).length).toBeGreaterThan(0);
  });

  it("tells what a merge did, each row once", async () => {
    const table = await created();
    await table.merge({
      rows: [row(1, { n: 5 }), row(2, { n: -1 }), row(8)],
      on,
      whenMatched: [{ condition: "source.n < 0", delete: true }, { update: "all" }],
      whenNotMatched: [{ insert: "all" }],
      whenNotMatchedBySource: [{ condition: "target.id = 4", update: { n: "0" } }],
    });
    await table.merge({ rows: [row(1), row(1)], on, whenMatched: [{ delete: true }] });
    await table.merge({ rows: [row(20)], on, whenNotMatched: [{ insert: "all" }] });
    expect(await changes(table, 2)).toEqual([
      [2, "delete", 2, 20],
      [2, "insert", 8, 80],
      [2, "update_postimage", 1, 5],
      [2, "update_postimage", 4, 0],
      [2, "update_preimage", 1, 10],
      [2, "update_preimage", 4, 40],
      [3, "delete", 1, 5],
      [4, "insert", 20, 200],
    ]);
  });

  it("tells of rows that an overwrite by a condition replaced, and not of those that stayed", async () => {
    const table = await created();
    await table.overwrite([row(7)], { replace: { where: "id = 2 OR id = 7" } });
    expect(await changes(table, 2)).toEqual([
      [2, "delete", 2, 20],
      [2, "insert", 7, 70],
    ]);
  });

  it("tells of marked rows, and which of them a restore brought back", async () => {
    const table = await created({ ...kept, "delta.enableDeletionVectors": "true" });
    await table.delete({ where: "id = 2" });
    await table.delete({ where: "id = 3" });
    await table.restore({ version: 1 });
    expect(await changes(table, 2)).toEqual([
      [2, "delete", 2, 20],
      [3, "delete", 3, 30],
      [4, "insert", 2, 20],
      [4, "insert", 3, 30],
    ]);
  });

  it("shows changes with the columns of the last version", async () => {
    const table = await created();
    await table.renameColumn("n", "count");
    await table.addColumns([{ name: "colour", type: "string" }]);
    await table.update({ set: { colour: "'red'" }, where: "id = 1" });
    const rows = [];
    for await (const part of table.changes({ from: 1 })) rows.push(...part);
    expect(rows).toHaveLength(6);
    expect(rows.find((change) => change["_change_type"] === "update_postimage")).toMatchObject({
      id: 1,
      count: 10,
      colour: "red",
      _commit_version: 4,
    });
  });

  it("is refused for versions that kept none, and for a column of its own", async () => {
    const table = await created({});
    await table.setProperties(kept);
    await table.update({ set: { n: "0" }, where: "id = 1" });
    expect(await changes(table, 2)).toHaveLength(2);
    await expect(changes(table, 1)).rejects.toMatchObject({ code: "ECAP_TABLE_UNSUPPORTED" });
    await expect(changes(table, 9)).rejects.toMatchObject({ code: "ECAP_TABLE_NOT_FOUND" });
    await expect(changes(table, 3, 2)).rejects.toMatchObject({ code: "ECAP_TABLE_NOT_FOUND" });
    const other = suite.fixture.open(`${suite.path}other`);
    const columns = [...schema.columns, { name: "_change_type", type: "string" as const }];
    await expect(other.create({ columns }, { properties: kept })).rejects.toMatchObject({
      path: "_change_type",
    });
    const own = [{ name: "_commit_version", type: "long" as const }];
    await expect(table.addColumns(own)).rejects.toMatchObject({ path: "_commit_version" });
    await expect(table.renameColumn("word", "_change_type")).rejects.toMatchObject({
      path: "_change_type",
    });
  });

  it("is kept by a table that says so in capitals", async () => {
    const table = await created({ "delta.enableChangeDataFeed": "TRUE" });
    await table.update({ set: { n: "0" }, where: "id = 1" });
    expect(await changes(table, 2)).toHaveLength(2);
  });

  it("loses its files to a vacuum when they are past the retention", async () => {
    const table = await created();
    await table.update({ set: { n: "0" }, where: "id = 1" });
    expect((await table.vacuum()).files).toEqual([]);
    const later = suite.fixture.open(suite.path, { clock: { now: () => Date.now() + 1e9 } });
    const [changed] = await files();
    expect((await later.vacuum()).files).toContain(changed);
    await expect(changes(table, 2)).rejects.toMatchObject({ code: "ECAP_STORAGE_CORRUPT" });
  });
});
