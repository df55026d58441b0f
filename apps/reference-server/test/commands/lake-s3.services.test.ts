import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDeltaTable } from "@ecap/adapter-delta";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { expect, it, vi } from "vitest";
import {
  emptyAndClose,
  testBucket,
  withS3,
} from "../../../../packages/adapters/s3/test/test-bucket.ts";
import { ecapJson } from "../support/ecap-in-process.ts";

const ecap = (...args: readonly string[]) => ecapJson("lake", ...args);

withS3("ecap lake with s3:// paths", () => {
  it("reads and writes a table by its address, with credentials of the environment", async () => {
    const options = testBucket({ prefix: `test/${randomUUID()}/orders` });
    const credentials = options.credentials as { accessKeyId: string; secretAccessKey: string };
    vi.stubEnv("AWS_ENDPOINT_URL_S3", options.endpoint ?? "");
    vi.stubEnv("AWS_REGION", options.region ?? "");
    vi.stubEnv("AWS_ACCESS_KEY_ID", credentials.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey);
    const dir = await mkdtemp(join(tmpdir(), "ecap-lake-s3-"));
    const objects = s3ObjectStore(options);
    const made = openDeltaTable({ objects, name: "orders" });
    const columns = [
      { name: "id", type: "integer" },
      { name: "total", type: "decimal(9,2)" },
    ] as const;
    await made.create({ columns });
    await made.close();
    try {
      const table = `s3://${options.bucket}/${options.prefix}`;
      const file = join(dir, "rows.jsonl");
      await writeFile(file, '{"id":1,"total":"1.50"}\n{"id":2,"total":"2.50"}\n');
      expect(await ecap("append", table, "--rows", file)).toMatchObject({ version: 1 });
      await ecap("update", table, "--set", "total=total * 2", "--where", "id = 2");
      expect(await ecap("cat", table)).toEqual([
        { id: 1, total: "1.50" },
        { id: 2, total: "5.00" },
      ]);
      expect(await ecap("cat", table, "--version", "1", "--limit", "1")).toHaveLength(1);
      expect(await ecap("verify", table)).toMatchObject({ version: 2, problems: [] });
      const history = (await ecap("history", table)) as ReadonlyArray<{ operation: string }>;
      expect(history.map(({ operation }) => operation)).toEqual([
        "UPDATE",
        "WRITE",
        "CREATE TABLE",
      ]);
      await expect(ecap("schema", `${table}-not-there`)).rejects.toMatchObject({
        code: "ECAP_TABLE_NOT_FOUND",
      });
      await expect(ecap("schema", "s3://bucket")).rejects.toMatchObject({
        code: "ECAP_CONFIG_INVALID",
      });
    } finally {
      vi.unstubAllEnvs();
      await emptyAndClose(objects);
      await rm(dir, { recursive: true });
    }
  });
});
