import { governanceService } from "@ecap/plugin-governance/contract";
import type { Platform } from "@ecap/sdk";
import type { App } from "./app.ts";

const reads = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Everything an administrator changes, and every sign-in, goes to the audit log, where the governance plugin keeps one. What the rate limit turned away, and
 * what nobody known asked for, does not: whoever cannot get in must not be able to fill the log.
 */
export function mountAudit(app: App, platform: Platform): void {
  if (!platform.plugins.some(({ plugin }) => plugin.name === governanceService.plugin)) return;
  const governance = platform.service({ service: governanceService });
  const logger = platform.port("logger");

  for (const path of ["/v1/admin/*", "/v1/query", "/v1/imports/*", "/v1/session"]) {
    app.use(path, async (c, next) => {
      await next();
      if (reads.has(c.req.method)) return;
      const principal = c.get("principal");
      const { status } = c.res;
      if (status === 429 || (principal === undefined && c.req.path !== "/v1/session")) return;
      const outcome =
        status < 400 ? "success" : status === 401 || status === 403 ? "refused" : "failed";
      const entry = {
        tenant: principal?.tenant ?? "default",
        actor: principal?.id ?? "unknown",
        action: `${c.req.method} ${c.req.path}`,
        target: c.req.path,
        outcome,
      } as const;
      // Changing something must not fail because it could not be written down afterwards; that it could not is logged.
      await governance
        .audit(entry)
        .catch((error: unknown) =>
          logger.error({ error: String(error), action: entry.action }, "an audit entry was lost"),
        );
    });
  }
}
