import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

describe("changes of the schema, constraints and properties", () => {
  const suite = suiteTables();
  const filled = async () => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema);
    await table.append([row(1), row(2, { part: "b" })]);
    return table;
  };
  /** The protocol the log last set. */
  const protocol = async () => {
    const keys = await suite.fixture.keys(`${suite.path}/_delta_log/`);
    const logs = await Promise.all(
      keys.map((key) => readFile(join(suite.fixture.dir, key), "utf8")),
    );
    const lines = logs.flatMap((log) => log.split("\n").filter((line) => line !== ""));
    const parsed = lines.map((line): unknown => JSON.parse(line));
    return parsed.flatMap((action) => Object(action).protocol ?? []).at(-1) as unknown;
  };

  it("creates a table once", async () => {
    const table = await filled();
    await expect(table.create(schema)).rejects.toMatchObject({ code: "ECAP_TABLE_EXISTS" });
    expect(await protocol()).toEqual({ minReaderVersion: 1, minWriterVersion: 2 });
  });

  it("adds columns, NULL in rows that are there", async () => {
    const table = await filled();
    await table.addColumns([{ name: "colour", type: "string" }]);
    await table.append([{ ...row(3), colour: "red" }]);
    await table.update({ set: { colour: "coalesce(colour, 'none')" }, where: "id <> 2" });
    expect((await suite.fixture.rows(suite.path)).map(({ id, colour }) => [id, colour])).toEqual([
      [1, "none"],
      [2, null],
      [3, "red"],
    ]);
    const twice = table.addColumns([{ name: "COLOUR", type: "long" }]);
    await expect(twice).rejects.toMatchObject({ code: "ECAP_TABLE_SCHEMA" });
  });

  it("widens a column, and files of both types read as the wider", async () => {
    const table = await filled();
    await table.widenColumn("id", "long");
    await table.append([{ ...row(3), id: 2n ** 40n }]);
    await table.update({ set: { id: "id + 1" }, where: "part = 'b'" });
    expect((await suite.fixture.rows(suite.path)).map(({ id }) => id)).toEqual([1, 3, 2 ** 40]);
    expect(await protocol()).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ["typeWidening"],
      writerFeatures: ["appendOnly", "invariants", "typeWidening"],
    });
    await table.addColumns([{ name: "day", type: "date" }]);
    await table.append([{ ...row(9), id: 9, day: "2026-01-31" }]);
    await table.widenColumn("day", "timestamp_ntz");
    await table.update({ set: { word: "'x'" }, where: "id = 9" });
    expect((await suite.fixture.rows(suite.path)).find(({ id }) => id === 9)).toMatchObject({
      day: expect.stringMatching(/^2026-01-31[ T]00:00/) as unknown,
    });
    const narrower = table.widenColumn("id", "integer");
    await expect(narrower).rejects.toMatchObject({ code: "ECAP_TABLE_SCHEMA", path: "id" });
  });

  it("renames and drops columns without writing a file, by column mapping", async () => {
    const table = await filled();
    const files = (await table.snapshot()).files.map((file) => file.key);
    await table.renameColumn("word", "a word, with odd; (characters)=");
    await table.renameColumn("part", "Teil");
    await table.dropColumn("n");
    expect((await table.snapshot()).files.map((file) => file.key)).toEqual(files);
    expect(await protocol()).toEqual({ minReaderVersion: 2, minWriterVersion: 5 });
    await table.addColumns([{ name: "n", type: "string" }]);
    await table.append([
      { tenant: "t", Teil: "c", id: 3, "a word, with odd; (characters)=": "x", n: "new" },
    ]);
    await table.update({ set: { n: "'set'", Teil: "'z'" }, where: "Teil = 'b'" });
    await table.delete({ where: `"a word, with odd; (characters)=" = 'w1'` });
    await table.optimize();
    expect(await suite.fixture.rows(suite.path)).toEqual([
      { Teil: "z", id: 2, "a word, with odd; (characters)=": "w2", n: "set" },
      { Teil: "c", id: 3, "a word, with odd; (characters)=": "x", n: "new" },
    ]);
  });

  it("keeps every row to the constraints, whatever writes it", async () => {
    const table = await filled();
    await table.addConstraint({ name: "positive", condition: "n > 0" });
    expect(await protocol()).toEqual({ minReaderVersion: 1, minWriterVersion: 3 });
    const broken = { code: "ECAP_TABLE_SCHEMA", path: "positive" };
    const on = "target.id = source.id";
    await expect(table.append([row(3), row(4, { n: -1 })])).rejects.toMatchObject(broken);
    await expect(table.append([row(3, { n: null })])).rejects.toMatchObject(broken);
    await expect(table.overwrite([row(4, { n: 0 })])).rejects.toMatchObject(broken);
    await expect(table.update({ set: { n: "n - 15" } })).rejects.toMatchObject(broken);
    await expect(
      table.merge({ rows: [row(9, { n: -1 })], on, whenNotMatched: [{ insert: "all" }] }),
    ).rejects.toMatchObject(broken);
    await expect(
      table.merge({ rows: [row(1)], on, whenMatched: [{ update: { n: "NULL" } }] }),
    ).rejects.toMatchObject(broken);
    expect((await table.snapshot()).version).toBe(2);
    expect(await suite.fixture.keys(`${suite.path}/part=`)).toHaveLength(2);
    await table.dropConstraint("positive");
    await table.append([row(5, { n: -5 })]);
    await expect(
      table.addConstraint({ name: "positive", condition: "n > 0" }),
    ).rejects.toMatchObject(broken);
  });

  it("refuses to rename or drop a column that a constraint names", async () => {
    const table = await filled();
    await table.addConstraint({ name: "positive", condition: "N > 0" });
    const refused = { code: "ECAP_TABLE_SCHEMA" };
    await expect(table.renameColumn("n", "m")).rejects.toMatchObject(refused);
    await expect(table.dropColumn("n")).rejects.toMatchObject(refused);
  });

  it("only appends to a table that is append-only, and may rearrange it", async () => {
    const table = await filled();
    await table.append([row(3)]);
    await table.setProperties({ "delta.appendOnly": "true" });
    const refused = { code: "ECAP_TABLE_UNSUPPORTED", path: "delta.appendOnly" };
    await expect(table.delete({ where: "id = 1" })).rejects.toMatchObject(refused);
    await expect(table.update({ set: { n: "1" } })).rejects.toMatchObject(refused);
    await expect(table.overwrite([row(1)])).rejects.toMatchObject(refused);
    await expect(table.restore({ version: 0 })).rejects.toMatchObject(refused);
    await table.append([row(4)]);
    expect((await table.optimize()).metrics).toMatchObject({ numRemovedFiles: 3 });
    expect(await suite.fixture.rows(suite.path)).toHaveLength(4);
  });

  it("refuses properties that it would not honour", async () => {
    const table = await filled();
    await expect(table.setProperties({ "delta.enableRowTracking": "true" })).rejects.toMatchObject({
      code: "ECAP_TABLE_UNSUPPORTED",
    });
    await table.setProperties({ owner: "me" });
  });

  it.each([
    ["a writer feature it does not know", { writerFeatures: ["rowTracking"] }],
    ["a later writer version", { minWriterVersion: 8 }],
  ])("refuses to write where the table has %s", async (_, more) => {
    const table = await filled();
    const asked = { minReaderVersion: 1, minWriterVersion: 7, ...more };
    const commit = `${suite.path}/_delta_log/${"2".padStart(20, "0")}.json`;
    const bytes = new TextEncoder().encode(`${JSON.stringify({ protocol: asked })}\n`);
    await suite.fixture.objects.put(commit, bytes);
    const refused = { code: "ECAP_TABLE_UNSUPPORTED" };
    await expect(table.append([row(3)])).rejects.toMatchObject(refused);
    await expect(table.delete()).rejects.toMatchObject(refused);
    await expect(table.optimize()).rejects.toMatchObject(refused);
    await expect(table.addColumns([{ name: "x", type: "long" }])).rejects.toMatchObject(refused);
    expect(await suite.fixture.rows(suite.path)).toHaveLength(2);
  });
});
