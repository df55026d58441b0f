import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeltaTableStore, deltaTableStore, openDeltaTable } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ObjectStore, TableSchema } from "@ecap/sdk";
import { mountedObjectStore } from "@ecap/sdk/lake";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TableFixture, tableFixture } from "../operations/table-fixture.ts";

const tenant = "t";
const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "date", type: "date" },
    { name: "id", type: "integer", nullable: false },
  ],
  partitionBy: ["tenant", "date"],
};
const dates = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", null];
const row = (id: number, date: string | null) => ({ tenant, date, id });

const upkeep = (tables: DeltaTableStore) => {
  if (!tables.maintenance) throw new Error("the store has no maintenance");
  return tables.maintenance;
};

describe("retirement and archive", () => {
  let fixture: TableFixture;
  let name: string;
  let count = 0;
  beforeAll(async () => {
    fixture = await tableFixture();
  });
  afterAll(() => fixture.close());
  beforeEach(() => {
    name = `t${count++}`;
  });

  /** A store that shares nothing with others, over the same objects. */
  const store = (objects: ObjectStore = fixture.objects, clock = { now: () => Date.now() }) =>
    deltaTableStore({ objects, engine: fixture.engine, clock });
  /** Two rows a date: ids 0, 1, 10, 11, … */
  const filled = async () => {
    const tables = store();
    await tables.ensure(name, schema);
    for (const turn of [0, 1]) {
      await tables.append(
        name,
        dates.map((date, i) => row(i * 10 + turn, date)),
      );
    }
    return tables;
  };
  const everyId = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41];
  const from = (id: number) => everyId.filter((each) => each >= id);
  /** Ids as a reader sees them that begins now. */
  const ids = async (when: { readonly version?: number } = {}): Promise<unknown[]> => {
    const { files, schema: known } = await store().snapshot(name, when);
    const { columns, partitionBy = [] } = known;
    const input = { name: "t", columns, partitionBy, files };
    const rows = await fixture.engine.query("SELECT id FROM t ORDER BY id", [input]);
    return rows.map(({ id }) => id);
  };
  /** Live files of the table's own part, and of its archive. */
  const filesOf = async () => {
    const { hot, archive } = await upkeep(store()).storage(name);
    return [hot.live.files, archive?.live.files];
  };

  it("deletes whole partitions older than a date in one commit, and those without a date never", async () => {
    const tables = await filled();
    const before = await tables.snapshot(name);
    const report = await upkeep(tables).retire(name, { by: "date", deleteBefore: "2026-01-03" });
    expect(report).toMatchObject({
      deleted: { files: 4, rows: 4 },
      archived: { files: 0 },
      version: before.version + 1,
    });
    expect(await ids()).toEqual(from(20));
    expect(await ids({ version: before.version })).toEqual(everyId);
    expect(await upkeep(tables).retire(name, { by: "date", deleteBefore: "2026-01-03" })).toEqual({
      deleted: { files: 0, bytes: 0, rows: 0 },
      archived: { files: 0, bytes: 0, rows: 0 },
    });
  });

  it("moves partitions to a Delta table of their own, and every version reads as before", async () => {
    const tables = await filled();
    const { version } = await tables.snapshot(name);
    const options = { by: "date", archiveBefore: "2026-01-03" };
    const told = await upkeep(tables).retire(name, { ...options, dryRun: true });
    const report = await upkeep(tables).retire(name, options);
    expect(report).toMatchObject({ ...told, archived: { files: 4, rows: 4 } });
    expect(await filesOf()).toEqual([6, 4]);
    expect(await ids()).toEqual(everyId);
    expect(await ids({ version })).toEqual(everyId);

    await tables.append(name, [row(12, "2026-01-02")]);
    await upkeep(tables).retire(name, { ...options, archiveBefore: "2026-01-04" });
    expect(await filesOf()).toEqual([4, 7]);
    expect(await ids()).toEqual([...everyId, 12].toSorted((a, b) => a - b));
    expect(await tables.tables()).not.toContain("archive");
  });

  it("keeps the archive in a store of its own, which queries read with the table", async () => {
    const cold = await mkdtemp(join(tmpdir(), "ecap-archive-"));
    const mounted = fsObjectStore({ dir: cold });
    const objects = mountedObjectStore({ objects: fixture.objects, at: "archive/", mounted });
    const tables = store(objects);
    await tables.ensure(name, schema);
    await tables.append(
      name,
      dates.map((date, i) => row(i, date)),
    );
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-03" });
    const queries = duckdbQueryEngine({ tables, objects, threads: 1 });
    const sql = `SELECT id FROM "${name}" ORDER BY id`;
    const { rows } = await queries.query({ sql, tenant, tables: { [name]: {} } });
    expect(rows.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4]);
    expect(await fixture.keys("archive/")).not.toContainEqual(expect.stringContaining(`/${name}/`));
    expect(existsSync(join(cold, name, "_delta_log"))).toBe(true);
    await queries.close();
    await rm(cold, { recursive: true });
  });

  it("archives the oldest partitions first, of about so many bytes at a time", async () => {
    const tables = await filled();
    const options = { by: "date", archiveBefore: "2026-01-04", maxBytes: 1 };
    const moved: number[] = [];
    for (;;) {
      const { archived, version } = await upkeep(tables).retire(name, options);
      if (version === undefined) break;
      moved.push(archived.files);
      expect(await ids()).toEqual(everyId);
    }
    expect(moved).toEqual([2, 2, 2]);
  });

  it("refuses a table of another writer that forgets applications", async () => {
    const tables = await filled();
    const log = `${name}/_delta_log/`;
    const first = await fixture.objects.get(`${log}00000000000000000000.json`);
    const [line = ""] = new TextDecoder()
      .decode(first)
      .split("\n")
      .filter((each) => each.startsWith('{"metaData"'));
    const property = '"configuration":{"delta.setTransactionRetentionDuration":"interval 1 days"}';
    const changed = line.replace('"configuration":{}', property);
    expect(changed).toContain(property);
    await fixture.objects.put(
      `${log}00000000000000000003.json`,
      new TextEncoder().encode(`${changed}\n`),
    );
    const options = { by: "date", archiveBefore: "2026-01-03" };
    await expect(upkeep(tables).retire(name, options)).rejects.toThrow("forgets");
    // Nor is its archive vacuumed, which may seem to hold nothing.
    const archive = { objects: fixture.objects, root: `archive/${name}/`, name };
    await openDeltaTable(archive).create(schema);
    await expect(upkeep(tables).vacuum(name)).rejects.toThrow("forgets");
  });

  it("deletes from the archive what has become too old for that too", async () => {
    const tables = await filled();
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-04" });
    const { version } = await tables.snapshot(name);
    const report = await upkeep(tables).retire(name, {
      by: "date",
      deleteBefore: "2026-01-03",
      archiveBefore: "2026-01-05",
    });
    expect(report).toMatchObject({ deleted: { files: 4 }, archived: { files: 2 } });
    expect(await ids()).toEqual(from(20));
    expect(await ids({ version })).toEqual(everyId);
    expect(await filesOf()).toEqual([2, 4]);
  });

  it("follows the table's columns, and leaves deleted rows behind", async () => {
    const tables = await filled();
    const table = fixture.open(name);
    await table.setProperties({ "delta.enableDeletionVectors": "true" });
    await table.addColumns([{ name: "word", type: "string" }]);
    await tables.append(name, [
      { ...row(13, "2026-01-02"), word: "x" },
      { ...row(14, "2026-01-02"), word: "y" },
    ]);
    await table.delete({ where: "id = 13" });
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-03" });
    expect(await ids()).toEqual([...everyId, 14].toSorted((a, b) => a - b));
    const there = openDeltaTable({
      objects: fixture.objects,
      root: `archive/${name}/`,
      name,
      engine: fixture.engine,
    });
    const { schema: columns } = await there.snapshot();
    expect(columns.columns.map((column) => column.name)).toEqual(["tenant", "date", "id", "word"]);
    await there.close();
  });

  it("restores a version with the archive that belonged to it", async () => {
    const tables = await filled();
    const { version } = await tables.snapshot(name);
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-03" });
    const archived = await tables.snapshot(name);
    const table = fixture.open(name, { archiveRoot: `archive/${name}/` });
    expect((await table.snapshot()).files).toHaveLength(10);
    await table.restore({ version });
    expect(await ids()).toEqual(everyId);
    expect(await filesOf()).toEqual([10, 0]);
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-04" });
    expect(await ids()).toEqual(everyId);
    await table.restore({ version: archived.version });
    expect(await ids()).toEqual(everyId);
  });

  it("is neither read nor restored in part: without its archive, or where that has lost files", async () => {
    const tables = await filled();
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-03" });
    const archived = await tables.snapshot(name);
    const alone = fixture.open(name);
    await expect(alone.snapshot()).rejects.toThrow("which is not open here");
    await fixture.open(name, { archiveRoot: `archive/${name}/` }).restore({ version: 2 });
    await expect(alone.restore({ version: archived.version })).rejects.toThrow("not open here");
    const [lost = ""] = (await fixture.keys(`archive/${name}/tenant=`)) as readonly string[];
    await fixture.objects.delete(lost);
    const table = fixture.open(name, { archiveRoot: `archive/${name}/` });
    await expect(table.restore({ version: archived.version })).rejects.toMatchObject({
      code: "ECAP_STORAGE_CORRUPT",
    });
    expect(await ids()).toEqual(everyId);
  });

  it("moves no rows of a table with a change data feed, which would tell them as deleted", async () => {
    const tables = await filled();
    await fixture.open(name).setProperties({ "delta.enableChangeDataFeed": "true" });
    const archive = { by: "date", archiveBefore: "2026-01-03" };
    await expect(upkeep(tables).retire(name, archive)).rejects.toThrow("change data feed");
    await upkeep(tables).retire(name, { by: "date", deleteBefore: "2026-01-03" });
    expect(await ids()).toEqual(from(20));
  });

  it("refuses tables without such a partition, append-only ones, and the name of the archive's folder", async () => {
    const tables = await filled();
    const options = { by: "id", deleteBefore: "2026-01-03" };
    await expect(upkeep(tables).retire(name, options)).rejects.toThrow("not partitioned by a date");
    await fixture.open(name).setProperties({ "delta.appendOnly": "true" });
    await expect(upkeep(tables).retire(name, { ...options, by: "date" })).rejects.toThrow(
      "append-only",
    );
    await expect(tables.ensure("archive", schema)).rejects.toThrow("folder of archives");
  });

  it("of two at once moves every row once, while rows are appended", async () => {
    const tables = await filled();
    const options = { by: "date", archiveBefore: "2026-01-04", maxBytes: 1 };
    const until = async (one: DeltaTableStore) => {
      while ((await upkeep(one).retire(name, options)).version !== undefined);
    };
    const appended = [100, 101, 102, 103, 104];
    await Promise.all([
      until(store()),
      until(store()),
      (async () => {
        for (const id of appended) await tables.append(name, [row(id, "2026-01-01")]);
      })(),
    ]);
    expect(await ids()).toEqual([...everyId, ...appended]);
  });

  it("vacuums both parts, and nothing that the newest version needs, a week later", async () => {
    const tables = await filled();
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-03" });
    await upkeep(tables).retire(name, { by: "date", deleteBefore: "2026-01-02" });
    expect(await upkeep(tables).vacuum(name)).toEqual({ files: 0, bytes: 0 });
    const later = store(fixture.objects, { now: () => Date.now() + 8 * 86_400_000 });
    const told = await upkeep(later).vacuum(name, { dryRun: true });
    expect(told.files).toBe(4 + 2);
    expect(await upkeep(later).vacuum(name)).toEqual(told);
    expect(await ids()).toEqual(from(10));
  });

  it("tells what a table takes: live, old and log, here and in the archive", async () => {
    const tables = await filled();
    const { hot } = await upkeep(tables).storage(name);
    expect(hot).toMatchObject({ live: { files: 10, rows: 10 }, old: { files: 0, bytes: 0 } });
    await upkeep(tables).retire(name, { by: "date", archiveBefore: "2026-01-03" });
    const after = await upkeep(tables).storage(name);
    expect(after.hot).toMatchObject({ live: { files: 6, rows: 6 }, old: { files: 4 } });
    expect(after.archive).toMatchObject({ live: { files: 4, rows: 4 }, old: { files: 0 } });
    const bytes = after.hot.live.bytes + (after.archive?.live.bytes ?? 0);
    expect(bytes).toBe(hot.live.bytes);
    expect(after.hot.log.files).toBe(4);
  });

  it("compacts partitions with many small files, and leaves others alone", async () => {
    const tables = await filled();
    await tables.append(name, [row(2, "2026-01-01")]);
    const options = { minFiles: 3 };
    expect(await upkeep(tables).compact(name, { ...options, dryRun: true })).toMatchObject({
      removed: { files: 3, rows: 3 },
    });
    const report = await upkeep(tables).compact(name, options);
    expect(report).toMatchObject({ removed: { files: 3 }, added: { files: 1, rows: 3 } });
    expect(await ids()).toEqual([...everyId, 2].toSorted((a, b) => a - b));
    expect((await upkeep(tables).compact(name, options)).version).toBeUndefined();
  });

  it("writes a checkpoint where there is none or many commits came after", async () => {
    const tables = await filled();
    expect(await upkeep(tables).checkpoint(name, { minCommits: 5 })).toEqual({
      removedLogFiles: 0,
    });
    expect(await upkeep(tables).checkpoint(name)).toEqual({ version: 2, removedLogFiles: 0 });
    expect(await upkeep(tables).checkpoint(name)).toEqual({ removedLogFiles: 0 });
    expect(await fixture.keys(`${name}/_delta_log/`)).toContain(
      `${name}/_delta_log/00000000000000000002.checkpoint.parquet`,
    );
    expect(await ids()).toEqual(everyId);
  });
});
