import { serveStatic } from "@hono/node-server/serve-static";
import type { App } from "./app.ts";

/** The built dashboard at /; its hashed assets may be kept for ever, its page may not. */
export function mountDashboard(app: App, dir: string): void {
  app.use("/assets/*", async (c, next) => {
    await next();
    if (c.res.ok) c.header("cache-control", "public, max-age=31536000, immutable");
  });
  app.use("/assets/*", serveStatic({ root: dir }));
  app.get("/", serveStatic({ root: dir, path: "index.html" }));
}
