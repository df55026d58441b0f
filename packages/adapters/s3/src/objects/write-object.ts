import { isEcapError } from "@ecap/sdk";
import { isRefusal } from "../requests/refusal.ts";
import { type Bucket, objectName } from "./bucket.ts";
import { readHead } from "./read-object.ts";

export interface WriteOptions {
  /** Kept with the object, to tell whose write it was. */
  readonly token: string;
  /** Only where the key does not exist: otherwise a refusal with status 412. */
  readonly ifAbsent: boolean;
}

/** Name of the metadata that holds a write's token. */
export const tokenName = "ecap-write";

/** S3 knows no more parts. */
const maxParts = 10_000;

/** Stores the bytes, in one request or in parts. */
export async function writeObject(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  options: WriteOptions,
): Promise<void> {
  if (bytes.length > bucket.partBytes) return writeParts(bucket, key, bytes, options);
  const name = objectName(bucket, key);
  await bucket.requests.send(`write ${key}`, ({ api, client }, { signal }) =>
    client.send(
      new api.PutObjectCommand({
        ...name,
        Body: bytes,
        Metadata: { [tokenName]: options.token },
        ...(options.ifAbsent && { IfNoneMatch: "*" }),
      }),
      { abortSignal: signal },
    ),
  );
}

async function writeParts(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array,
  { token, ifAbsent }: WriteOptions,
): Promise<void> {
  const { requests } = bucket;
  const name = objectName(bucket, key);
  const { UploadId } = await requests.send(`begin to write ${key}`, ({ api, client }, { signal }) =>
    client.send(
      new api.CreateMultipartUploadCommand({ ...name, Metadata: { [tokenName]: token } }),
      { abortSignal: signal },
    ),
  );
  const upload = { ...name, UploadId };
  try {
    const Parts = await Promise.all(
      partsOf(bytes, bucket.partBytes).map(async (part, i) => {
        const PartNumber = i + 1;
        const { ETag } = await requests.send(`write a part of ${key}`, ({ api, client }, attempt) =>
          client.send(new api.UploadPartCommand({ ...upload, PartNumber, Body: part }), {
            abortSignal: attempt.signal,
          }),
        );
        return { ETag, PartNumber };
      }),
    );
    await requests.send(`finish writing ${key}`, ({ api, client }, { signal }) =>
      client.send(
        new api.CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts },
          ...(ifAbsent && { IfNoneMatch: "*" }),
        }),
        { abortSignal: signal },
      ),
    );
  } catch (error) {
    // The parts of a finished upload are gone: it was finished before, and only the answer was lost.
    const gone = isRefusal(error, 404) && error.reason === "NoSuchUpload" && error.mayBeDone;
    if (gone && (await readHead(bucket, key))?.metadata[tokenName] === token) return;
    if (isEcapError(error, "ECAP_SERVICE_UNREACHABLE")) throw error;
    const given = requests.send(`give up writing ${key}`, ({ api, client }, { signal }) =>
      client.send(new api.AbortMultipartUploadCommand(upload), { abortSignal: signal }),
    );
    await given.catch(() => {});
    throw error;
  }
}

function partsOf(bytes: Uint8Array, partBytes: number): Uint8Array[] {
  const size = Math.max(partBytes, Math.ceil(bytes.length / maxParts));
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
