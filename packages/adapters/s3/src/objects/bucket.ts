import { checkObjectKey } from "@ecap/sdk";
import type { Requests } from "../requests/requests.ts";

/** Where objects are kept, and how they are asked for. */
export interface Bucket {
  readonly requests: Requests;
  readonly bucket: string;
  /** Put before every key: empty, or ending in `/`. */
  readonly prefix: string;
  /** Bytes of one request's body. */
  readonly partBytes: number;
}

/** The name of an object of this store, as commands take it. */
export function objectName(
  { bucket, prefix }: Bucket,
  key: string,
): { Bucket: string; Key: string } {
  checkObjectKey(key);
  return { Bucket: bucket, Key: prefix + key };
}
