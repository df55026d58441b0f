import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { expect, it } from "vitest";
import { emptyAndClose, testBucket, withS3 } from "../../../s3/test/test-bucket.ts";
import { runWriters } from "./run-writers.ts";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 1);

withS3("concurrent writers on S3", () => {
  it.each([{ writers: 2 }, { writers: 4 }, { writers: 8 }])(
    "lose and double nothing with $writers processes, some killed",
    async ({ writers }) => {
      let conflicts = 0;
      let merges = 0;
      for (let round = 0; round < rounds; round++) {
        const prefix = `test/${randomUUID()}`;
        const cacheDir = await mkdtemp(join(tmpdir(), "ecap-delta-s3-"));
        const objects = s3ObjectStore(testBucket({ prefix, cacheDir, cacheBytes: 1 << 30 }));
        const run = { place: { prefix }, objects, writers, kills: 2, betweenKillsMs: 1_000 };
        const made = await runWriters(run);
        conflicts += made.conflicts;
        merges += made.merges;
        await emptyAndClose(objects);
        await rm(cacheDir, { recursive: true });
      }
      expect(merges).toBeGreaterThan(0);
      if (writers > 2) expect(conflicts).toBeGreaterThan(0);
    },
    rounds * 300_000,
  );
});
