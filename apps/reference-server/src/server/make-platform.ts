import { createPlatform, type Logger, type Platform } from "@ecap/sdk";
import { clientDialects } from "@ecap/sdk/collector";
import type { Settings } from "../config/load-config.ts";
import { openLineageSettings } from "../config/open-lineage-settings.ts";

/** The platform as the configuration composes it. */
export async function makePlatform(
  { config, dir, tenant }: Settings,
  logger: Logger,
): Promise<Platform> {
  const given = config.adapters(dir, { logger });
  const adapters = [{ name: "server", logger }, ...(Array.isArray(given) ? given : [given])];
  const { plugins, topics, stepTimeoutMs, sinks, fresh, lake } = config;
  return createPlatform({
    adapters,
    plugins,
    dialects: clientDialects,
    health: { tenant, ...config.health },
    ...(topics !== undefined && { topics }),
    ...(stepTimeoutMs !== undefined && { stepTimeoutMs }),
    ...(sinks !== undefined && { sinks }),
    ...(fresh !== undefined && { fresh }),
    lake: { ...lake, lineage: { ...openLineageSettings(process.env), ...lake?.lineage } },
  });
}
