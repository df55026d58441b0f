import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine, duckdbTableReader } from "@ecap/adapter-duckdb";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { queryEngineContract } from "@ecap/sdk/testing";
import { describe, expect, it } from "vitest";
import { emptyAndClose, testBucket, withS3 } from "../../s3/test/test-bucket.ts";

async function fixture(cacheBytes = 1 << 30) {
  const cacheDir = await mkdtemp(join(tmpdir(), "ecap-duckdb-s3-"));
  const objects = s3ObjectStore(testBucket({ cacheDir, cacheBytes }));
  const tables = deltaTableStore({ objects });
  const engine = duckdbQueryEngine({ tables, objects, threads: 2 });
  const close = async () => {
    await engine.close();
    await tables.close();
    await emptyAndClose(objects);
    await rm(cacheDir, { recursive: true });
  };
  return { engine, tables, objects, cacheDir, close };
}

withS3("QueryEngine contract: duckdb on S3", () => {
  queryEngineContract("duckdb on S3", () => fixture());

  describe("duckdb on S3", () => {
    it("answers right while the files of its queries go and come in a small cache", async () => {
      const sized = await fixture();
      await sized.tables.ensure("t", schema);
      await fill(sized.tables, 0);
      const [file = { size: 0 }] = (await sized.tables.snapshot("t")).files;
      await sized.close();

      const { engine, tables, close } = await fixture(file.size * 5);
      await tables.ensure("t", schema);
      for (let tenant = 0; tenant < 8; tenant++) await fill(tables, tenant);
      const asked = Array.from({ length: 60 }, async (_, i) => {
        const tenant = i % 8;
        const { rows } = await engine.query({
          sql: "SELECT count(*) AS n, sum(value) AS total FROM t",
          tenant: `t${tenant}`,
          tables: { t: {} },
        });
        expect(rows).toEqual([{ n: 20, total: 20 * tenant }]);
      });
      await Promise.all(asked);
      await close();
    });

    it("brings no more files than the first rows of a table are in", async () => {
      const { tables, objects, close } = await fixture();
      await tables.ensure("t", schema);
      for (let tenant = 0; tenant < 4; tenant++) await fill(tables, tenant);
      const snapshot = await tables.snapshot("t");
      const [first, ...others] = snapshot.files;
      for (const { key } of others) await objects.delete(key);
      const reader = duckdbTableReader({ objects });
      const rows: unknown[] = [];
      for await (const part of reader.rows(snapshot, { limit: 7 })) rows.push(...part);
      expect(first?.rows).toBe(10);
      expect(rows).toHaveLength(7);
      const all = reader.rows(snapshot)[Symbol.asyncIterator]();
      await all.next();
      await expect(all.next()).rejects.toMatchObject({ code: "ECAP_STORAGE_CORRUPT" });
      await reader.close();
      await close();
    });

    it("keeps no copy of a data file that was deleted", async () => {
      const { engine, tables, objects, close } = await fixture();
      await tables.ensure("t", schema);
      await fill(tables, 3);
      const query = { sql: "SELECT sum(value) AS s FROM t", tenant: "t3", tables: { t: {} } };
      expect((await engine.query(query)).rows).toEqual([{ s: 60 }]);
      const [file] = (await tables.snapshot("t")).files;
      await objects.delete(file?.key ?? "");
      await expect(engine.query(query)).rejects.toMatchObject({ code: "ECAP_STORAGE_CORRUPT" });
      await close();
    });
  });
});

const schema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "value", type: "long" },
  ],
  partitionBy: ["tenant"],
} as const;

async function fill(tables: ReturnType<typeof deltaTableStore>, tenant: number): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const rows = Array.from({ length: 10 }, () => ({ tenant: `t${tenant}`, value: tenant }));
    await tables.append("t", rows);
  }
}
