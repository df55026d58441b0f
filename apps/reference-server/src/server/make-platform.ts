import { createPlatform, type Logger, type Platform } from "@ecap/sdk";
import { clientDialects } from "@ecap/sdk/collector";
import type { Settings } from "../config/load-config.ts";

/** The platform as the configuration composes it. */
export async function makePlatform({ config, dir }: Settings, logger: Logger): Promise<Platform> {
  const given = config.adapters(dir, { logger });
  const adapters = [{ name: "server", logger }, ...(Array.isArray(given) ? given : [given])];
  return createPlatform({ adapters, plugins: config.plugins, dialects: clientDialects });
}
