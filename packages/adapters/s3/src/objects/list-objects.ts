import type { ObjectInfo } from "@ecap/sdk";
import type { Bucket } from "./bucket.ts";

/** S3 lists in the order of UTF-8 bytes, a thousand keys an answer. */
export async function* listObjects(
  { requests, bucket, prefix }: Bucket,
  below: string,
  after: string | undefined,
): AsyncGenerator<ObjectInfo> {
  let token: string | undefined;
  do {
    const page = await requests.send(`list ${below}`, ({ api, client }, { signal }) =>
      client.send(
        new api.ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix + below,
          // XML cannot hold every character of a key.
          EncodingType: "url",
          ...(after !== undefined && { StartAfter: prefix + after }),
          ...(token !== undefined && { ContinuationToken: token }),
        }),
        { abortSignal: signal },
      ),
    );
    const decode = page.EncodingType === "url" ? decodeKey : (key: string) => key;
    for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
      const key = decode(Key ?? "").slice(prefix.length);
      // Other programs mark folders by keys that end in a slash, which no object of ours does.
      if (key === "" || key.endsWith("/")) continue;
      yield { key, size: Size, modifiedAt: LastModified?.getTime() ?? 0 };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}
