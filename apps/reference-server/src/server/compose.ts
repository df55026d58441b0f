import { randomBytes } from "node:crypto";
import type { BackgroundRole, Logger, Platform } from "@ecap/sdk";
import { type Collector, createCollector } from "@ecap/sdk/collector";
import { type Accounts, createAccounts } from "../auth/accounts.ts";
import { createAuthenticator } from "../auth/authenticator.ts";
import { createSessions } from "../auth/sessions.ts";
import type { Settings } from "../config/load-config.ts";
import { backgroundOf, serverRoles } from "../config/roles.ts";
import { dependencyChecks } from "../health/dependency-checks.ts";
import { createReadiness, dependencyHealth } from "../health/readiness.ts";
import { createImportLedger } from "../importing/import-ledger.ts";
import { createLiveFeed } from "../live/live-feed.ts";
import { createApp } from "./app.ts";
import type { ComposedProcess } from "./compose-worker.ts";
import { makePlatform } from "./make-platform.ts";

/** The whole platform in this process, with its API as a function and no socket. */
export interface Composition extends ComposedProcess {
  readonly collector: Collector;
  readonly accounts: Accounts;
  /** A bearer token of an administrator, for this process and those that may read the data directory. */
  readonly controlToken: string;
  /** Starts the work in the background, that of the settings' roles unless others are named; resolves when the platform is ready. */
  start(roles?: readonly BackgroundRole[]): Promise<void>;
}

export async function compose(
  settings: Settings,
  logger: Logger,
  dashboardDir?: string,
): Promise<Composition> {
  const platform = await makePlatform(settings, logger);
  try {
    return await composeOn(platform, settings, logger, dashboardDir);
  } catch (error) {
    await platform.stop();
    throw error;
  }
}

async function composeOn(
  platform: Platform,
  settings: Settings,
  logger: Logger,
  dashboardDir: string | undefined,
): Promise<Composition> {
  const { tenant, roles: ownRoles = serverRoles } = settings;
  const collector = await createCollector(platform, settings.config.collector);
  const accounts = createAccounts(platform.port("database"), platform.port("clock"));
  const sessions = await createSessions({
    secrets: platform.port("secretStore"),
    stateStore: platform.port("stateStore"),
    clock: platform.port("clock"),
  });
  const controlToken = randomBytes(32).toString("base64url");
  const live = createLiveFeed(platform);
  const checks = dependencyChecks({
    platform,
    roles: ownRoles,
    pingDatabase: () => accounts.ping(),
  });
  const readiness = createReadiness({ checks, clock: platform.port("clock") });
  platform.health.watchDependencies(() => dependencyHealth(readiness));
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
    tenant,
    logger,
    dashboardDir,
    health: {
      roles: ownRoles,
      readiness,
      isReady: () => ready,
    },
    door: settings.config.door,
  });
  return {
    platform,
    collector,
    accounts,
    app,
    controlToken,
    async start(roles = backgroundOf(ownRoles)) {
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
