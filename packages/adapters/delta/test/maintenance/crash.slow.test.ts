import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ObjectStore, RetireOptions } from "@ecap/sdk";
import { expect, it } from "vitest";
import { dyingStore } from "./dying-store.ts";
import { batchRows, days, schema } from "./lake-days.ts";
import { runKeepers } from "./run-keepers.ts";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 2);

it.each([
  { what: "the first archive", before: undefined },
  { what: "a later one", before: { by: "date", archiveBefore: "2026-01-03" } },
])("shows every row once at whichever write a retirement ends: $what", async ({ before }) => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-delta-crash-"));
  const objects = fsObjectStore({ dir });
  const engine = duckdbFileEngine({ objects, threads: 1 });
  const step = (name: string, options: RetireOptions, on: ObjectStore = objects) =>
    deltaTableStore({ objects: on, engine }).maintenance?.retire(name, options);
  const options = { by: "date", deleteBefore: "2026-01-02", archiveBefore: "2026-01-05" };
  /** Days that a reader sees that begins now, each with its rows. */
  const seen = async (name: string) => {
    const { files, schema: known } = await deltaTableStore({ objects }).snapshot(name);
    const input = {
      name: "t",
      columns: known.columns,
      partitionBy: known.partitionBy ?? [],
      files,
    };
    const sql = `SELECT CAST(date AS VARCHAR) AS day, count(*) AS rows, count(DISTINCT batch) AS batches FROM t GROUP BY ALL ORDER BY day`;
    return engine.query(sql, [input]);
  };
  const all = days.map((day) => ({ day, rows: 2, batches: 2 }));
  let died = 0;
  for (let writes = 0; ; writes++) {
    const name = `t${writes}`;
    const tables = deltaTableStore({ objects, engine });
    await tables.ensure(name, schema);
    await tables.append(name, batchRows(1));
    await tables.append(name, batchRows(2));
    if (before) await step(name, before);
    let left = writes;
    const dying = dyingStore(objects, () => left-- > 0);
    const ended = await step(name, options, dying)?.then(
      () => true,
      () => false,
    );
    expect(await seen(name)).toEqual(ended ? all.slice(1) : all);
    if (writes % 2 === 0) await tables.maintenance?.vacuum(name);
    expect(await seen(name)).toEqual(ended ? all.slice(1) : all);
    await step(name, options);
    expect(await seen(name)).toEqual(all.slice(1));
    const { archive } = (await tables.maintenance?.storage(name)) ?? {};
    expect(archive?.live).toMatchObject({ files: 6, rows: 6 });
    if (ended) break;
    died += 1;
  }
  // Copies, the archive's own creation where it is the first, its version, and the commit of the table.
  expect(died).toBe(before ? 4 + 2 : 6 + 3);
  await engine.close();
  await rm(dir, { recursive: true });
});

it("loses and doubles nothing while tables are compacted, archived and vacuumed by processes that are killed", async () => {
  for (let round = 0; round < rounds; round++) {
    const dir = await mkdtemp(join(tmpdir(), "ecap-delta-keepers-"));
    const place = { dir };
    const run = { place, objects: fsObjectStore({ dir }), kills: 6, betweenKillsMs: 2_500 };
    const { batches, steps } = await runKeepers(run);
    expect(batches).toBeGreaterThan(10);
    expect(steps["retire kept"]).toBeGreaterThan(3);
    await rm(dir, { recursive: true });
  }
});
