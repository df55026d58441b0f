import { randomUUID } from "node:crypto";
import type { S3ObjectStore, S3ObjectStoreOptions } from "@ecap/adapter-s3";
import { describe, expect, it } from "vitest";

const env = process.env;
export const endpoint = env["ECAP_TEST_S3_ENDPOINT"];

/** Options of a store on the server of ECAP_TEST_S3_…, below a prefix of its own unless one is given. */
export function testBucket(options: Partial<S3ObjectStoreOptions> = {}): S3ObjectStoreOptions {
  return {
    bucket: env["ECAP_TEST_S3_BUCKET"] ?? "",
    prefix: `test/${randomUUID()}`,
    ...(endpoint !== undefined && { endpoint }),
    region: env["ECAP_TEST_S3_REGION"] ?? "us-east-1",
    credentials: {
      accessKeyId: env["ECAP_TEST_S3_ACCESS_KEY"] ?? "",
      secretAccessKey: env["ECAP_TEST_S3_SECRET_KEY"] ?? "",
    },
    ...options,
  };
}

/** Removes what the store holds and closes it. */
export async function emptyAndClose(store: S3ObjectStore): Promise<void> {
  for await (const { key } of store.list("")) await store.delete(key);
  await store.close();
}

/** Runs the suite where there is a server; elsewhere says why not, and fails in CI. */
export function withS3(name: string, suite: () => void): void {
  if (endpoint !== undefined) return suite();
  describe(name, () => {
    it("needs ECAP_TEST_S3_ENDPOINT", (context) => {
      expect(env["CI"], "CI has to run this against a real server").not.toBe("true");
      context.skip("ECAP_TEST_S3_ENDPOINT is not set; npm run services -- up s3");
    });
  });
}
