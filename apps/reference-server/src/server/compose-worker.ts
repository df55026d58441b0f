import type { Logger, Platform } from "@ecap/sdk";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Settings } from "../config/load-config.ts";
import { backgroundOf, serverRoles } from "../config/roles.ts";
import { dependencyChecks } from "../health/dependency-checks.ts";
import { mountHealth } from "../health/mount-health.ts";
import { mountMetrics } from "../health/mount-metrics.ts";
import { createReadiness, dependencyHealth } from "../health/readiness.ts";
import type { App } from "./app.ts";
import type { AppEnv } from "./app-env.ts";
import { makePlatform } from "./make-platform.ts";

/** A platform in this process with an HTTP application and no socket. */
export interface ComposedProcess {
  readonly platform: Platform;
  readonly app: App;
  /** Starts the work in the background; resolves when the platform is ready. */
  start(): Promise<void>;
  /** Is no longer ready and ends the streams that would never end by themselves; requests under way go on. */
  endStreams(): Promise<void>;
  close(): Promise<void>;
}

/** A process without the API: its application answers probes and metrics alone. */
export async function composeWorker(settings: Settings, logger: Logger): Promise<ComposedProcess> {
  const { roles = serverRoles } = settings;
  const platform = await makePlatform(settings, logger);
  const clock = platform.port("clock");
  const readiness = createReadiness({ checks: dependencyChecks({ platform, roles }), clock });
  platform.health.watchDependencies(() => dependencyHealth(readiness));
  let ready = false;
  const app: App = new OpenAPIHono<AppEnv>();
  mountHealth(app, { roles, readiness, isReady: () => ready });
  mountMetrics(app, { platform, readiness });
  return {
    platform,
    app,
    async start() {
      await platform.start(backgroundOf(roles));
      ready = true;
    },
    async endStreams() {
      ready = false;
    },
    async close() {
      ready = false;
      await platform.stop();
    },
  };
}
