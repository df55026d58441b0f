import { streamSSE } from "hono/streaming";
import { authorise } from "../auth/authenticator.ts";
import type { App } from "../server/app.ts";
import type { LiveFeed } from "./live-feed.ts";

const everyMs = 1_000;

/** `GET /v1/live`: a snapshot of what happens now, every second, as server-sent events named `snapshot`. */
export function mountLive(app: App, live: LiveFeed): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/v1/live",
    summary: "What happens now",
    description:
      "Server-sent events, one a second: events a second, latest orders, decisions and alerts. Needs the role viewer.",
    tags: ["live"],
    security: [{ bearer: [] }],
    responses: { 200: { description: "An event stream", content: { "text/event-stream": {} } } },
  });
  app.get("/v1/live", (c) => {
    const principal = c.get("principal");
    authorise(principal, "viewer");
    return streamSSE(c, async (stream) => {
      const stop = live.watch();
      stream.onAbort(stop);
      while (!stream.aborted && !stream.closed && !live.closed) {
        await stream.writeSSE({
          event: "snapshot",
          data: JSON.stringify(live.snapshot(principal.tenant)),
        });
        await stream.sleep(everyMs);
      }
    });
  });
}
