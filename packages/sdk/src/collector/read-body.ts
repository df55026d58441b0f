import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { EcapError } from "../errors/ecap-error.ts";

const inflate = promisify(gunzip);

export interface BodyLimits {
  /** Bytes as received. Default 4 MiB. */
  readonly maxCompressedBytes?: number;
  /** Bytes after gunzip. Default 8 MiB. */
  readonly maxBytes?: number;
}

/** The body's bytes, gunzipped where they begin as gzip does, whatever the headers say of them. */
export async function readBody(
  bytes: Uint8Array,
  { maxCompressedBytes = 4 << 20, maxBytes = 8 << 20 }: BodyLimits = {},
): Promise<Uint8Array> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const limit = isGzip ? maxCompressedBytes : maxBytes;
  if (bytes.length > limit)
    throw new EcapError(
      "ECAP_BATCH_TOO_LARGE",
      `the body has ${bytes.length} bytes, the limit is ${limit}`,
    );
  if (!isGzip) return bytes;
  try {
    return await inflate(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new EcapError(
        "ECAP_BATCH_TOO_LARGE",
        `the body is larger than ${maxBytes} bytes when gunzipped`,
      );
    throw new EcapError(
      "ECAP_BODY_UNREADABLE",
      "the body begins as gzip but is broken or cut short",
      { cause },
    );
  }
}
