import type { Platform } from "@ecap/sdk";
import { type Authenticator, authorise, authoriseForDeployment } from "../auth/authenticator.ts";
import type { App } from "../server/app.ts";
import { metricsText } from "./metrics-text.ts";
import type { Readiness } from "./readiness.ts";

export interface MetricsOptions {
  readonly platform: Platform;
  readonly readiness: Readiness;
  /** Only administrators of the deployment's own tenant may ask; absent: everybody who reaches the port. */
  readonly access?: { readonly authenticator: Authenticator; readonly tenant: string };
}

/** `/metrics`: how the process is, for Prometheus. */
export function mountMetrics(app: App, { platform, readiness, access }: MetricsOptions): void {
  app.get("/metrics", async (c) => {
    if (access !== undefined) {
      const authorization = c.req.header("authorization");
      const principal = await access.authenticator.authenticate({ authorization });
      authorise(principal, "admin");
      authoriseForDeployment(principal, access.tenant);
    }
    return c.text(await metricsText(platform, await readiness.check()), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
  });
}
