import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { EcapError } from "@ecap/sdk";
import type { S3ObjectStoreOptions } from "../s3-object-store.ts";
import type { Opened } from "./requests.ts";

/** The client given, or one made on first use. */
export function openClient(
  options: S3ObjectStoreOptions,
  { concurrency }: { readonly concurrency: number },
): { open: () => Promise<Opened>; closeClient: (opened: Opened) => void } {
  const { client } = options;
  return {
    async open() {
      const api = await load();
      return { api, client: client ?? new api.S3Client(settings(options, concurrency)) };
    },
    closeClient(opened) {
      if (!client) opened.client.destroy();
    },
  };
}

function settings(options: S3ObjectStoreOptions, maxSockets: number): S3ClientConfig {
  const { endpoint, region, credentials, connectTimeoutMs = 3_000 } = options;
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials && { credentials }),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    // Every attempt is counted, since a conditional write has to know of each.
    maxAttempts: 1,
    // Servers other than AWS' refuse checksums in trailers, or send none.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      httpAgent: { maxSockets, keepAlive: true },
      httpsAgent: { maxSockets, keepAlive: true },
    },
  };
}

async function load(): Promise<Opened["api"]> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    const message = "Install @aws-sdk/client-s3 to keep objects in S3";
    throw new EcapError("ECAP_DEPENDENCY_NOT_INSTALLED", message, { cause });
  }
}
