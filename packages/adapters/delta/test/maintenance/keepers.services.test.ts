import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { expect, it } from "vitest";
import { emptyAndClose, testBucket, withS3 } from "../../../s3/test/test-bucket.ts";
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
});
