import { randomUUID } from "node:crypto";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { checkObjectKey, EcapError, type Logger, type ObjectStore, silentLogger } from "@ecap/sdk";
import { type LocalCache, localCache } from "./cache/local-cache.ts";
import type { Bucket } from "./objects/bucket.ts";
import { objectName } from "./objects/bucket.ts";
import { listObjects } from "./objects/list-objects.ts";
import { readObject } from "./objects/read-object.ts";
import { writeObject } from "./objects/write-object.ts";
import { onceWriter } from "./objects/write-once.ts";
import { openClient } from "./requests/open-client.ts";
import { Refusal, refused } from "./requests/refusal.ts";
import { requests } from "./requests/requests.ts";

export interface S3ObjectStoreOptions {
  readonly bucket: string;
  /** Folder in the bucket, as in `shop/lake`. Default: the bucket's root. */
  readonly prefix?: string;
  /** Address of an S3-compatible server. Default: that of AWS in the region. */
  readonly endpoint?: string;
  /** Default: as the AWS SDK finds it (`AWS_REGION`, its configuration files). */
  readonly region?: string;
  /** Default: as the AWS SDK finds them (environment, files, the machine's or the pod's role). */
  readonly credentials?: NonNullable<S3ClientConfig["credentials"]>;
  /** A client of your own, which `close` leaves open; it decides address, region, credentials and connections. Give it `maxAttempts: 1`: this store asks again itself. */
  readonly client?: S3Client;
  /** The bucket in the path instead of the host name. Default: where there is an `endpoint`. */
  readonly forcePathStyle?: boolean;
  /** Folder for copies of objects that programs open as files, which a query engine in this process needs. Several processes may share it. Default: none. */
  readonly cacheDir?: string;
  /** Bytes of copies that are kept. Default 10 GiB. */
  readonly cacheBytes?: number;
  /** Objects larger than this are written and fetched in parts of this size, at least 5 MiB. Default 8 MiB. */
  readonly partBytes?: number;
  /** Requests at once; more wait. Default 32. */
  readonly concurrency?: number;
  /** Default 3,000. */
  readonly connectTimeoutMs?: number;
  /** A request to which nothing comes for so long is given up, and tried again. Default 20,000. */
  readonly timeoutMs?: number;
  /** How often a request that failed on the way is tried again. Default 4. */
  readonly retries?: number;
  readonly logger?: Logger;
}

export interface S3ObjectStore extends ObjectStore {
  /** Gives up what is under way. */
  close(): Promise<void>;
}

const gibibyte = 1 << 30;
/** S3 takes no smaller parts, but for the last. */
const leastPartBytes = 5 << 20;

/**
 * Objects in a bucket of S3 or a server that speaks its protocol, conditional writes (`If-None-Match`) included.
 *
 * A server that does not answer is ECAP_SERVICE_UNREACHABLE: the write it was for may have been carried out, or may still be. One that refuses the
 * credentials is ECAP_SERVICE_DENIED.
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): S3ObjectStore {
  const { bucket: name, endpoint, concurrency = 32, timeoutMs = 20_000, retries = 4 } = options;
  const { partBytes = 8 << 20, cacheBytes = 10 * gibibyte, logger = silentLogger } = options;
  const prefix = folderOf(options.prefix);
  if (partBytes < leastPartBytes) {
    throw new EcapError("ECAP_CONFIG_INVALID", "partBytes is at least 5 MiB", {
      received: partBytes,
    });
  }
  const { open, closeClient } = openClient(options, { concurrency });
  const server = `S3 bucket ${name}${endpoint === undefined ? "" : ` at ${hostOf(endpoint)}`}`;
  const limits = { concurrency, timeoutMs, retries };
  const bucket: Bucket = {
    requests: requests({ open, closeClient, server, logger, ...limits }),
    bucket: name,
    prefix,
    partBytes,
  };
  const once = onceWriter(bucket);
  const cache: LocalCache | undefined =
    options.cacheDir === undefined
      ? undefined
      : localCache({
          bucket,
          dir: options.cacheDir,
          identity: [endpoint ?? "", name, prefix].join("\n"),
          maxBytes: cacheBytes,
          concurrency,
          logger,
        });

  const told = async <T>(what: string, step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      throw error instanceof Refusal ? refused(error, server, what) : error;
    }
  };

  return {
    get: (key, range) =>
      told(`read ${key}`, async () => (await readObject(bucket, key, { range }))?.bytes),
    put: (key, bytes) =>
      told(`write ${key}`, () =>
        writeObject(bucket, key, bytes, { token: randomUUID(), ifAbsent: false }),
      ),
    putIfAbsent: (key, bytes) => told(`write ${key}`, () => once.write(key, bytes)),
    async *list(below, { after } = {}) {
      try {
        yield* listObjects(bucket, below, after);
      } catch (error) {
        throw error instanceof Refusal ? refused(error, server, `list ${below}`) : error;
      }
    },
    delete: (key) =>
      told(`delete ${key}`, async () => {
        const object = objectName(bucket, key);
        await bucket.requests.send(`delete ${key}`, ({ api, client }, { signal }) =>
          client.send(new api.DeleteObjectCommand(object), { abortSignal: signal }),
        );
        await cache?.forget(key);
      }),
    ...(cache && {
      localPath: (key: string) => {
        checkObjectKey(key);
        return cache.pathOf(key);
      },
      leaseLocal: (objects, signal) => told("fetch files", () => cache.lease(objects, signal)),
    }),
    async close() {
      await bucket.requests.close();
      await cache?.close();
    },
  };
}

function folderOf(prefix: string | undefined): string {
  const folder = prefix?.replace(/\/+$/, "") ?? "";
  if (folder === "") return "";
  checkObjectKey(folder);
  return `${folder}/`;
}

/** Without a user and password that someone may have put into the address. */
function hostOf(endpoint: string): string {
  try {
    return new URL(endpoint).host;
  } catch {
    throw new EcapError(
      "ECAP_CONFIG_INVALID",
      "The endpoint of S3 is a URL, as in https://host:9000",
    );
  }
}
