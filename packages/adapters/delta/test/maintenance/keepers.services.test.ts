import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { mountedObjectStore } from "@ecap/sdk/lake";
import { expect, it } from "vitest";
import { emptyAndClose, testBucket, withS3 } from "../../../s3/test/test-bucket.ts";
import { batchRows, days, schema, tenant } from "./lake-days.ts";
import { runKeepers } from "./run-keepers.ts";

withS3("tables kept on S3", () => {
  it("lose and double nothing while processes that compact, archive and vacuum them are killed", async () => {
    const prefix = `test/${randomUUID()}`;
    const cacheDir = await mkdtemp(join(tmpdir(), "ecap-delta-s3-"));
    const objects = s3ObjectStore(testBucket({ prefix, cacheDir, cacheBytes: 1 << 30 }));
    const run = { place: { prefix }, objects, kills: 3, betweenKillsMs: 4_000 };
    const { steps, batches } = await runKeepers(run);
    expect(batches).toBeGreaterThan(3);
    expect(steps["retire kept"]).toBeGreaterThan(0);
    await emptyAndClose(objects);
    await rm(cacheDir, { recursive: true });
  }, 600_000);

  it("have an archive in a bucket of its own, which queries read with the table", async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), "ecap-delta-s3-"));
    const [hot, cold] = [
      s3ObjectStore(testBucket({ cacheDir })),
      s3ObjectStore(testBucket({ cacheDir })),
    ];
    const objects = mountedObjectStore({ objects: hot, at: "archive/", mounted: cold });
    const tables = deltaTableStore({ objects });
    await tables.ensure("t", schema);
    await tables.append("t", batchRows(1));
    await tables.maintenance?.retire("t", { by: "date", archiveBefore: "2026-01-04" });
    const queries = duckdbQueryEngine({ tables, objects, threads: 1 });
    const sql = "SELECT CAST(date AS VARCHAR) AS day FROM t ORDER BY day";
    const { rows } = await queries.query({ sql, tenant, tables: { t: {} } });
    expect(rows.map(({ day }) => day)).toEqual([...days]);
    expect((await tables.maintenance?.storage("t"))?.archive?.live.files).toBe(3);
    const there: string[] = [];
    for await (const { key } of cold.list("t/tenant=")) there.push(key);
    expect(there).toHaveLength(3);
    await queries.close();
    await tables.close();
    for (const bucket of [hot, cold]) await emptyAndClose(bucket);
    await rm(cacheDir, { recursive: true });
  });
});
