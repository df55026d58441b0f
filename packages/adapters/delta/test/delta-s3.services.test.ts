import { randomUUID } from "node:crypto";
import { deltaTableStore } from "@ecap/adapter-delta";
import { s3ObjectStore } from "@ecap/adapter-s3";
import type { Row } from "@ecap/sdk";
import { tableStoreContract } from "@ecap/sdk/testing";
import { describe, expect, it } from "vitest";
import { faultProxy } from "../../s3/test/fault-proxy.ts";
import { emptyAndClose, endpoint, testBucket, withS3 } from "../../s3/test/test-bucket.ts";

withS3("TableStore contract: delta on S3", () => {
  tableStoreContract("delta on S3", async () => {
    const objects = s3ObjectStore(testBucket());
    const store = deltaTableStore({ objects, prefix: "lake/" });
    const close = async () => {
      await store.close();
      await emptyAndClose(objects);
    };
    return { store, close };
  });

  describe("delta on S3", () => {
    const columns = [{ name: "id", type: "string" }] as const;

    it.each([
      { answers: "arrive", lost: 0 },
      { answers: "are lost now and then", lost: 0.2 },
    ])("loses and repeats no commit of two writers whose answers $answers", async ({ lost }) => {
      const proxy = await faultProxy(endpoint ?? "");
      proxy.fate = () => (Math.random() < lost ? "lose" : "pass");
      const options = testBucket({ endpoint: proxy.url, retries: 20 });
      const objects = [s3ObjectStore(options), s3ObjectStore(options)];
      const writers = objects.map((each) => deltaTableStore({ objects: each }));
      await writers[0]?.ensure("t", { columns });
      const ids = await Promise.all(
        writers.map(async (writer, w) => {
          const own: string[] = [];
          for (let i = 0; i < 12; i++) {
            const rows: Row[] = [{ id: randomUUID() }, { id: randomUUID() }];
            const transactions = [{ appId: `writer-${w}`, version: i }];
            expect(await writer.append("t", rows, { transactions })).toBeGreaterThan(0);
            own.push(...rows.map((row) => String(row["id"])));
          }
          return own;
        }),
      );
      const { files, version } = (await writers[1]?.snapshot("t")) ?? { files: [], version: 0 };
      expect(version).toBe(24);
      expect(files.reduce((sum, { rows = 0 }) => sum + rows, 0)).toBe(ids.flat().length);
      expect(new Set(files.map(({ key }) => key)).size).toBe(24);
      for (const writer of writers) await writer.close();
      for (const each of objects) await each.close();
      await proxy.close();
      await emptyAndClose(s3ObjectStore({ ...options, endpoint: endpoint ?? "" }));
    });
  });
});
