import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { isRefusal } from "../requests/refusal.ts";
import type { Attempt } from "../requests/requests.ts";
import { type Bucket, objectName } from "./bucket.ts";

export interface ObjectPart {
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  /** Bytes of the whole object. */
  readonly size: number;
}

export interface ReadOptions {
  readonly range?: { readonly start: number; readonly end: number } | undefined;
  /** Only that very object: another is a refusal with status 412. */
  readonly etag?: string | undefined;
}

const none = new Uint8Array();

/** The object's bytes, or some of them; undefined where there is no object. */
export async function readObject(
  bucket: Bucket,
  key: string,
  { range, etag }: ReadOptions = {},
): Promise<ObjectPart | undefined> {
  const name = objectName(bucket, key);
  if (range && range.end <= range.start) {
    const size = await sizeOf(bucket, key);
    return size === undefined ? undefined : { bytes: none, etag: undefined, size };
  }
  try {
    return await bucket.requests.send(`read ${key}`, async ({ api, client }, attempt) => {
      const command = new api.GetObjectCommand({
        ...name,
        ...(range && { Range: `bytes=${range.start}-${range.end - 1}` }),
        ...(etag !== undefined && { IfMatch: etag }),
      });
      const answer = await client.send(command, { abortSignal: attempt.signal });
      const bytes = await bodyOf(answer, attempt);
      const size = Number(answer.ContentRange?.split("/")[1] ?? bytes.length);
      return { bytes, etag: answer.ETag, size };
    });
  } catch (error) {
    if (isRefusal(error, 404) && error.reason !== "NoSuchBucket") return undefined;
    // Nothing of the object is in the range.
    if (isRefusal(error, 416)) {
      const size = await sizeOf(bucket, key);
      return size === undefined ? undefined : { bytes: none, etag: undefined, size };
    }
    throw error;
  }
}

export interface ObjectHead {
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export async function readHead(bucket: Bucket, key: string): Promise<ObjectHead | undefined> {
  const name = objectName(bucket, key);
  try {
    const head = await bucket.requests.send(`look at ${key}`, ({ api, client }, { signal }) =>
      client.send(new api.HeadObjectCommand(name), { abortSignal: signal }),
    );
    return { size: head.ContentLength ?? 0, metadata: head.Metadata ?? {} };
  } catch (error) {
    if (isRefusal(error, 404)) return undefined;
    throw error;
  }
}

const sizeOf = async (bucket: Bucket, key: string) => (await readHead(bucket, key))?.size;

async function bodyOf(answer: GetObjectCommandOutput, attempt: Attempt): Promise<Uint8Array> {
  const body = answer.Body as (AsyncIterable<Uint8Array> & { destroy?(): void }) | undefined;
  if (!body) return none;
  const chunks: Uint8Array[] = [];
  let length = 0;
  // The signal ends the request; a body that stalls has to be ended too.
  const stop = () => body.destroy?.();
  attempt.signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      attempt.alive();
    }
  } finally {
    attempt.signal.removeEventListener("abort", stop);
  }
  if (attempt.signal.aborted || length !== (answer.ContentLength ?? length)) throw cutShort();
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, length);
}

function cutShort(): Error {
  return Object.assign(new Error("the answer was cut short"), { code: "ECONNRESET" });
}
