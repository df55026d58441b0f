import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { EcapError } from "@ecap/sdk";
import { type TablePlace, withArchive } from "./table-place.ts";

const address = /^s3a?:\/\/(?<bucket>[^/]+)\/(?<prefix>.*[^/])\/*$/i;

export function isS3Address(table: string): boolean {
  return /^s3a?:\/\//i.test(table);
}

/**
 * A folder of a bucket, as in `s3://bucket/lake/orders`. Region and credentials are those the AWS SDK finds (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, …);
 * `AWS_ENDPOINT_URL` names another server. Files that are opened are copied into a temporary folder until the place is closed.
 */
export async function openBucket(table: string): Promise<TablePlace> {
  const { bucket, prefix } = address.exec(table)?.groups ?? {};
  if (bucket === undefined || prefix === undefined) {
    throw new EcapError("ECAP_CONFIG_INVALID", `${table} is not like s3://bucket/prefix`, {
      received: table,
    });
  }
  const endpoint = process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"];
  const cacheDir = await mkdtemp(join(tmpdir(), "ecap-lake-"));
  const name = posix.basename(prefix);
  const open = (from: string, dir: string) =>
    s3ObjectStore({
      bucket,
      prefix: from,
      cacheDir: join(cacheDir, dir),
      ...(endpoint ? { endpoint } : {}),
    });
  const objects = open(prefix, "table");
  const archive = open(posix.join(posix.dirname(prefix), "archive", name), "archive");
  return {
    name,
    objects: withArchive(objects, archive),
    async close() {
      await objects.close();
      await archive.close();
      await rm(cacheDir, { recursive: true, force: true });
    },
  };
}
