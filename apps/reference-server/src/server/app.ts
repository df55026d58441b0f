import { EcapError, type Logger, type Platform, uuidv7 } from "@ecap/sdk";
import type { Collector } from "@ecap/sdk/collector";
import type { Route } from "@ecap/sdk/http";
import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { getCookie } from "hono/cookie";
import { secureHeaders } from "hono/secure-headers";
import { adminRoutes } from "../admin/admin-routes.ts";
import type { Accounts } from "../auth/accounts.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import type { Sessions } from "../auth/sessions.ts";
import { healthRoute } from "../health/health-route.ts";
import { type Health, mountHealth } from "../health/mount-health.ts";
import { mountMetrics } from "../health/mount-metrics.ts";
import type { ImportLedger } from "../importing/import-ledger.ts";
import { mountImports } from "../importing/import-routes.ts";
import type { DoorLimits } from "../ingest/door.ts";
import { mountIngest } from "../ingest/mount-ingest.ts";
import { lakeRoutes } from "../lake/lake-routes.ts";
import type { LiveFeed } from "../live/live-feed.ts";
import { mountLive } from "../live/mount-live.ts";
import { metricRoutes } from "../metrics/metric-routes.ts";
import { queryRoute } from "../query/query-route.ts";
import type { AppEnv } from "./app-env.ts";
import { mountAudit } from "./mount-audit.ts";
import { mountDashboard } from "./mount-dashboard.ts";
import { mountDocs } from "./mount-docs.ts";
import { mountRoutes } from "./mount-routes.ts";
import { mountSignIn } from "./mount-sign-in.ts";
import { sendProblem, toProblem } from "./problem.ts";
import { createRateLimiter } from "./rate-limiter.ts";

export interface AppOptions {
  readonly platform: Platform;
  readonly collector: Collector;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly authenticator: Authenticator;
  readonly imports: ImportLedger;
  readonly live: LiveFeed;
  /** The tenant of the deployment itself. */
  readonly tenant: string;
  readonly logger: Logger;
  /** Built dashboard; absent: none is served. */
  readonly dashboardDir?: string | undefined;
  readonly health: Health;
  readonly door?: DoorLimits | undefined;
}

export type App = OpenAPIHono<AppEnv>;

/** Requests a second of one principal on the API, and of one address at sign-in. */
const apiLimit = { perSecond: 50, burst: 200 };
const signInLimit = { perSecond: 0.2, burst: 10 };
const ingestLimit = { perSecond: 5_000, burst: 10_000 };
const maxApiBodyBytes = 1 << 20;
/** A model of 24 MiB, in base64. */
const maxModelBodyBytes = 32 << 20;
const maxImportBodyBytes = 64 << 20;

/** The HTTP API as one fetch function; it knows nothing of sockets, so tests and the command line call it directly. */
export async function createApp(options: AppOptions): Promise<App> {
  const { platform, logger, authenticator } = options;
  const clock = platform.port("clock");
  const app: App = new OpenAPIHono<AppEnv>();
  const stateStore = platform.port("stateStore");
  const limiter = (name: string, limit: { readonly perSecond: number; readonly burst: number }) =>
    createRateLimiter({ clock, stateStore, logger, name, ...limit });
  const apiLimiter = limiter("api", apiLimit);

  app.onError((error, c) => sendProblem(c, toProblem(error, logger, c.get("requestId") ?? "")));
  app.notFound((c) =>
    sendProblem(
      c,
      toProblem(
        new EcapError("ECAP_NOT_FOUND", "there is nothing at this address"),
        logger,
        c.get("requestId") ?? "",
      ),
    ),
  );
  app.use(async (c, next) => {
    c.set("requestId", uuidv7(clock.now()));
    await next();
    c.header("x-request-id", c.get("requestId"));
  });

  mountHealth(app, options.health);
  mountIngest(app, {
    collector: options.collector,
    authenticator,
    limiter: limiter("ingest", ingestLimit),
    door: options.door,
  });

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
      },
    }),
  );
  mountAudit(app, platform);
  mountSignIn(app, { ...options, limiter: limiter("sign-in", signInLimit) });
  app.use("/v1/*", async (c, next) => {
    const principal = await authenticator.authenticate({
      authorization: c.req.header("authorization"),
      session: getCookie(c, "ecap_session"),
    });
    if (principal.operator !== true) await apiLimiter.take(`${principal.tenant}/${principal.id}`);
    c.set("principal", principal);
    await next();
  });
  mountMetrics(app, { platform, access: options, readiness: options.health.readiness });
  app.use("/v1/imports/*", bodyLimit({ maxSize: maxImportBodyBytes }));
  mountImports(app, options);
  const anyBody = bodyLimit({ maxSize: maxApiBodyBytes });
  const modelBody = bodyLimit({ maxSize: maxModelBodyBytes });
  app.use("/v1/*", (c, next) =>
    c.req.path.startsWith("/v1/models/") ? modelBody(c, next) : anyBody(c, next),
  );
  mountLive(app, options.live);
  mountRoutes(
    app,
    [
      ...adminRoutes(options),
      healthRoute(platform),
      ...lakeRoutes(platform),
      queryRoute(platform),
      ...metricRoutes(platform),
      ...(await pluginRoutes(platform)),
    ],
    options,
  );
  mountDocs(app);
  if (options.dashboardDir !== undefined) mountDashboard(app, options.dashboardDir);
  return app;
}

async function pluginRoutes(platform: Platform): Promise<readonly Route[]> {
  const loaded = platform.plugins.map(
    async ({ plugin, service }) => (await plugin.definition.http?.())?.routes(service) ?? [],
  );
  return (await Promise.all(loaded)).flat();
}
