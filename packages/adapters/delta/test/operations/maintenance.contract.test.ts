import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

const day = 86_400_000;

describe("optimize, vacuum, restore and the log", () => {
  const suite = suiteTables();
  const open = () => suite.fixture.open(suite.path);
  const filled = async () => {
    const table = open();
    await table.create(schema);
    for (let id = 1; id <= 6; id++) {
      await table.append([row(id), row(id + 10, { part: id % 2 ? "b" : null })]);
    }
    return table;
  };
  const ids = async (version?: number) =>
    (await suite.fixture.rows(suite.path, version)).map(({ id }) => id);

  it("brings small files of a partition together, and the rows stay as they are", async () => {
    const table = await filled();
    const before = await suite.fixture.rows(suite.path);
    const { metrics } = await table.optimize();
    expect(metrics).toEqual({ numRemovedFiles: 12, numAddedFiles: 3 });
    expect(await suite.fixture.rows(suite.path)).toEqual(before);
    const sizes = (await table.snapshot()).files.map((file) => file.rows ?? 0);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([3, 3, 6]);
    expect((await table.optimize()).version).toBeUndefined();
  });

  it("leaves alone files that the condition or the size rule out", async () => {
    const table = await filled();
    expect((await table.optimize({ targetBytes: 100 })).version).toBeUndefined();
    expect((await table.optimize({ where: "part = 'b'" })).metrics).toEqual({
      numRemovedFiles: 3,
      numAddedFiles: 1,
    });
  });

  it("leaves files as they are where the engine cuts them as small again, and none behind", async () => {
    await filled();
    const { engine } = suite.fixture;
    const cutting: typeof engine = {
      ...engine,
      write: (sql, inputs, output) =>
        engine.write(`SELECT *, id AS cut FROM (${sql})`, inputs, { ...output, splitBy: "cut" }),
    };
    const before = await suite.fixture.keys(`${suite.path}/`);
    const table = suite.fixture.open(suite.path, { engine: cutting });
    expect((await table.optimize()).version).toBeUndefined();
    expect(await suite.fixture.keys(`${suite.path}/`)).toEqual(before);
  });

  it("does not conflict with appends and deletes of other files", async () => {
    const table = await filled();
    const other = open();
    const optimizing = table.optimize({ where: "part = 'b'" });
    await other.append([row(50, { part: "b" })]);
    await other.delete({ where: "id = 1" });
    await optimizing;
    expect(await ids()).toEqual([2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 50]);
  });

  it("vacuums what no version within the retention needs, and says so before", async () => {
    const table = await filled();
    await table.overwrite([row(1)]);
    await suite.fixture.objects.put(`${suite.path}/part=a/orphan.parquet`, new Uint8Array([1]));
    await suite.fixture.objects.put(`${suite.path}/_kept/file`, new Uint8Array([1]));
    expect((await table.vacuum()).files).toEqual([]);

    const later = suite.fixture.open(suite.path, { clock: { now: () => Date.now() + 8 * day } });
    const wouldRemove = await later.vacuum({ dryRun: true });
    expect(wouldRemove.files).toHaveLength(13);
    expect(wouldRemove.bytes).toBeGreaterThan(1000);
    expect(await ids(3)).toHaveLength(6);
    expect(await later.vacuum()).toEqual(wouldRemove);
    expect(await ids()).toEqual([1]);
    expect(await suite.fixture.keys(`${suite.path}/part=`)).toHaveLength(1);
    expect(await suite.fixture.keys(`${suite.path}/_kept/`)).toHaveLength(1);
    await expect(table.restore({ version: 3 })).rejects.toMatchObject({
      code: "ECAP_STORAGE_CORRUPT",
    });
  });

  it("refuses a vacuum with too short a retention, unless forced", async () => {
    const table = await filled();
    await table.delete();
    await expect(table.vacuum({ retentionMs: 1000 })).rejects.toMatchObject({
      code: "ECAP_CONFIG_INVALID",
    });
    const later = suite.fixture.open(suite.path, { clock: { now: () => Date.now() + 5000 } });
    expect((await later.vacuum({ retentionMs: 1000, force: true })).files).toHaveLength(12);
    await table.setProperties({ "delta.deletedFileRetentionDuration": "interval 1 second" });
    expect((await later.vacuum()).files).toEqual([]);
  });

  it("restores rows and columns of a version or a time, as a version of its own", async () => {
    const table = await filled();
    const then = (await table.snapshot({ version: 3 })).timestamp;
    await table.addColumns([{ name: "colour", type: "string" }]);
    await table.update({ set: { colour: "'red'" }, where: "id = 1" });
    await table.restore({ version: 4 });
    expect((await table.snapshot()).schema.columns).toHaveLength(5);
    expect(await suite.fixture.rows(suite.path)).toEqual(await suite.fixture.rows(suite.path, 4));
    await table.restore({ at: then });
    expect(await suite.fixture.rows(suite.path)).toEqual(await suite.fixture.rows(suite.path, 3));
    expect((await table.restore({ version: 3 })).version).toBeUndefined();
    await expect(table.restore({ version: 99 })).rejects.toMatchObject({
      code: "ECAP_TABLE_NOT_FOUND",
    });
  });

  it("removes old commits and checkpoints once a newer checkpoint holds what they did", async () => {
    const table = await filled();
    await table.setProperties({
      "delta.checkpointInterval": "4",
      "delta.logRetentionDuration": "interval 2 days",
    });
    const later = suite.fixture.open(suite.path, { clock: { now: () => Date.now() + 4 * day } });
    for (let id = 30; id < 40; id++) await later.append([row(id)]);
    const log = (await suite.fixture.keys(`${suite.path}/_delta_log/`)).map((key) =>
      key.split("/").at(-1),
    );
    const first = log.find((name) => /^\d+\.json$/.test(name ?? ""));
    expect(Number(first?.slice(0, 20))).toBeGreaterThan(4);
    expect(log).toContain(`${first?.slice(0, 20)}.checkpoint.parquet`);
    expect(await ids()).toHaveLength(22);
    const fresh = await suite.fixture.open(suite.path).snapshot();
    expect(fresh.files).toHaveLength(22);
  });
});
