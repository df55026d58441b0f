import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ServerRole } from "../config/roles.ts";
import type { AppEnv } from "../server/app-env.ts";
import type { Readiness } from "./readiness.ts";

export interface Health {
  readonly roles: readonly ServerRole[];
  readonly readiness: Readiness;
  /** Whether the process has begun and not yet ended its work. */
  readonly isReady: () => boolean;
}

/** `/healthz`: the process answers. `/readyz`: it has begun, and what its roles need answers; with the truth about each dependency. */
export function mountHealth(app: OpenAPIHono<AppEnv>, { roles, readiness, isReady }: Health): void {
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    const checks = await readiness.check();
    const lacking = checks.some(({ needed, status }) => needed && status !== "ok");
    const status = !isReady() ? "starting" : lacking ? "failing" : "ready";
    return c.json({ status, roles, checks }, status === "ready" ? 200 : 503);
  });
}
