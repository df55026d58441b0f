import type { Platform } from "@ecap/sdk";
import { type Authenticator, authorise } from "../auth/authenticator.ts";
import type { App } from "../server/app.ts";
import { metricsText } from "./metrics-text.ts";
import type { Readiness } from "./readiness.ts";

export interface MetricsOptions {
  readonly platform: Platform;
  readonly readiness: Readiness;
  /** Who may ask is an administrator; absent: everybody who reaches the port. */
  readonly authenticator?: Authenticator;
}

/** `/metrics`: how the process is, for Prometheus. */
export function mountMetrics(
  app: App,
  { platform, readiness, authenticator }: MetricsOptions,
): void {
  app.get("/metrics", async (c) => {
    if (authenticator !== undefined) {
      const authorization = c.req.header("authorization");
      authorise(await authenticator.authenticate({ authorization }), "admin");
    }
    return c.text(await metricsText(platform, await readiness.check()), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
}
