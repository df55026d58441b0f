import { randomBytes } from "node:crypto";
import { type BackgroundRole, createPlatform, type Logger, type Platform } from "@ecap/sdk";
import { type Collector, clientDialects, createCollector } from "@ecap/sdk/collector";
import { type Accounts, createAccounts } from "../auth/accounts.ts";
import { createAuthenticator } from "../auth/authenticator.ts";
import { createSessions } from "../auth/sessions.ts";
import type { Settings } from "../config/load-config.ts";
import { createImportLedger } from "../importing/import-ledger.ts";
import { createLiveFeed } from "../live/live-feed.ts";
import { type App, createApp } from "./app.ts";

/** The whole platform in this process, with its API as a function and no socket. */
export interface Composition {
  readonly platform: Platform;
  readonly collector: Collector;
  readonly accounts: Accounts;
  readonly app: App;
  /** A bearer token of an administrator, for this process and those that may read the data directory. */
  readonly controlToken: string;
  /** Starts the work in the background; resolves when the platform is ready. */
  start(roles?: readonly BackgroundRole[]): Promise<void>;
  /** Is no longer ready and ends the streams that would never end by themselves; requests under way go on. */
  endStreams(): Promise<void>;
  close(): Promise<void>;
}

export async function compose(
  settings: Settings,
  logger: Logger,
  dashboardDir?: string,
): Promise<Composition> {
  const { config, dir, tenant } = settings;
  const given = config.adapters(dir);
  const adapters = [{ name: "server", logger }, ...(Array.isArray(given) ? given : [given])];
  const platform = await createPlatform({
    adapters,
    plugins: config.plugins,
    dialects: clientDialects,
  });
  try {
    return await composeOn(platform, settings, logger, tenant, dashboardDir);
  } catch (error) {
    await platform.stop();
    throw error;
  }
}

async function composeOn(
  platform: Platform,
  settings: Settings,
  logger: Logger,
  tenant: string,
  dashboardDir: string | undefined,
): Promise<Composition> {
  const collector = await createCollector(platform, settings.config.collector);
  const accounts = createAccounts(platform.port("database"), platform.port("clock"));
  const sessions = await createSessions(platform.port("secretStore"));
  const controlToken = randomBytes(32).toString("base64url");
  const live = createLiveFeed(platform);
  let ready = false;
  const app = await createApp({
    platform,
    collector,
    accounts,
    sessions,
    authenticator: createAuthenticator({
      apiKeys: accounts.apiKeys,
      users: accounts.users,
      sessions,
      controlToken,
      tenant,
    }),
    imports: createImportLedger(platform),
    live,
    logger,
    dashboardDir,
    isReady: () => ready,
  });
  return {
    platform,
    collector,
    accounts,
    app,
    controlToken,
    async start(roles) {
      await platform.start(roles);
      ready = true;
    },
    async endStreams() {
      ready = false;
      await live.close();
    },
    async close() {
      ready = false;
      await live.close();
      try {
        await collector.close();
      } finally {
        await platform.stop();
      }
    },
  };
}
