import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { sdkVersion } from "@ecap/sdk";
import type { App } from "./app.ts";

const files: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css",
  "swagger-ui-bundle.js": "text/javascript",
};

const start = `window.ui = SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });`;
const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>ECAP API</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="docs"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>`;

/** OpenAPI 3.1 at /openapi.json and a page to read and try it at /docs, without anything from elsewhere. */
export function mountDocs(app: App): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key, or the token of POST /v1/session",
  });
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "ECAP",
      version: sdkVersion,
      description: "E-commerce analytics: events in; decisions, numbers and records out.",
    },
    servers: [{ url: "/" }],
  });
  app.get("/docs", (c) => c.html(page));
  app.get("/docs/start.js", (c) => c.body(start, 200, { "content-type": "text/javascript" }));
  app.get("/docs/:file", async (c) => {
    const type = files[c.req.param("file")];
    if (type === undefined) return c.notFound();
    const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
    return c.body(await readFile(join(folder, c.req.param("file"))), 200, {
      "content-type": type,
      "cache-control": "public, max-age=86400",
    });
  });
}
