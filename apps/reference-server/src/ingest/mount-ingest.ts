import { EcapError } from "@ecap/sdk";
import { type Collector, type Receipt, readBody } from "@ecap/sdk/collector";
import type { Context } from "hono";
import { cors } from "hono/cors";
import { type Authenticator, authorise, tokenOf } from "../auth/authenticator.ts";
import type { App } from "../server/app.ts";
import type { AppEnv } from "../server/app-env.ts";
import type { RateLimiter } from "../server/rate-limiter.ts";
import { createDoor, type DoorLimits } from "./door.ts";
import { type IngestPath, ingestPaths } from "./ingest-paths.ts";
import { segmentSettings } from "./segment-settings.ts";

export interface IngestOptions {
  readonly collector: Collector;
  readonly authenticator: Authenticator;
  readonly limiter: RateLimiter;
  readonly door?: DoorLimits | undefined;
}

/**
 * Where clients send events. Bodies are read as bytes whatever their content type says, for RudderStack sends gzip as form data and browsers send
 * text/plain; and one bad event never makes the answer an error, for the clients would drop its whole batch.
 */
export function mountIngest(app: App, options: IngestOptions): void {
  const { collector, authenticator, limiter } = options;
  const door = createDoor(options.door);
  const open = cors({
    origin: "*",
    allowMethods: ["GET", "POST"],
    allowHeaders: ["authorization", "content-type", "content-encoding", "x-retry-count"],
    maxAge: 86_400,
  });

  async function take(c: Context<AppEnv>, path: IngestPath): Promise<Response> {
    const received = await door.receive(c.req.raw);
    try {
      return await door.enter(() => takeBody(c, path, received.bytes));
    } finally {
      received.release();
    }
  }

  async function takeBody(
    c: Context<AppEnv>,
    path: IngestPath,
    received: Uint8Array,
  ): Promise<Response> {
    const token = tokenOf(c.req.header("authorization"));
    let bytes: Uint8Array | undefined;
    if (token === undefined) bytes = await readBody(received);
    const principal = await authenticator.authenticate({
      authorization: c.req.header("authorization"),
      writeKey: bytes === undefined ? undefined : writeKeyIn(bytes),
    });
    authorise(principal, "api_user");
    await limiter.take(`${principal.tenant}/${principal.id}`);
    const receipts = await collector.collect({
      bytes: bytes ?? (await readBody(received)),
      tenant: principal.tenant,
      source: principal.id,
      dialect: path.dialect,
      ...(path.defaults !== undefined && { defaults: path.defaults }),
    });
    return c.body(answer(receipts), 200, { "content-type": "application/json" });
  }

  for (const path of ingestPaths) {
    app.use(path.path, open);
    app.post(path.path, (c) => take(c, path));
  }
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/events",
    summary: "Send events",
    description: `One event, an array of events or an object with \`batch\`, plain or gzipped. Each gets a receipt. The clients of Segment, RudderStack and PostHog use ${ingestPaths.length - 1} further paths unchanged.`,
    tags: ["events"],
    security: [{ bearer: [] }],
    responses: { 200: { description: "A receipt for every event, in their order" } },
  });
  app.use("/v1/projects/*", open);
  app.get("/v1/projects/:writeKey/settings", (c) =>
    c.json(segmentSettings(new URL(c.req.url), c.req.param("writeKey"))),
  );
  app.get("/health", (c) => c.json({ server: "UP" }));
}

/** Browser clients and PostHog's name their key in the body. */
function writeKeyIn(bytes: Uint8Array): string | undefined {
  try {
    const body = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
    ) as Record<string, unknown> | null;
    const key = body?.["writeKey"] ?? body?.["api_key"];
    return typeof key === "string" ? key : undefined;
  } catch {
    throw new EcapError("ECAP_BODY_UNREADABLE", "the body is no JSON and the request names nobody");
  }
}

function answer(receipts: readonly Receipt[]): string {
  return JSON.stringify({ status: 1, receipts });
}
