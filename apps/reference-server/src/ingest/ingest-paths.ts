import type { RawObject } from "@ecap/sdk";

export interface IngestPath {
  readonly path: string;
  readonly dialect: "ecap" | "segment" | "posthog";
  readonly defaults?: RawObject;
}

const calls = ["track", "identify", "page", "screen", "group", "alias"];

/** Every address the real clients post to, and how what arrives there is written. */
export const ingestPaths: readonly IngestPath[] = [
  { path: "/v1/events", dialect: "ecap" },
  ...["/v1/batch", "/v1/import", "/v1/b", "/b", "/beacon/v1/batch"].map(
    (path): IngestPath => ({ path, dialect: "segment" }),
  ),
  ...calls.flatMap((type): readonly IngestPath[] => [
    { path: `/v1/${type}`, dialect: "segment", defaults: { type } },
    { path: `/v1/${type[0]}`, dialect: "segment", defaults: { type } },
    { path: `/${type[0]}`, dialect: "segment", defaults: { type } },
  ]),
  ...["/batch", "/batch/", "/capture", "/capture/", "/e", "/e/", "/i/v0/e", "/i/v0/e/"].map(
    (path): IngestPath => ({ path, dialect: "posthog" }),
  ),
];
