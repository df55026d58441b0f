import type { AddressInfo } from "node:net";
import { EcapError, type Logger } from "@ecap/sdk";
import { createAdaptorServer } from "@hono/node-server";
import type { Settings } from "../config/load-config.ts";
import { type Composition, compose } from "./compose.ts";
import { type ComposedProcess, composeWorker } from "./compose-worker.ts";
import { removeServerFile, writeServerFile } from "./server-file.ts";

export interface RunningProcess<Composed extends ComposedProcess = ComposedProcess> {
  readonly url: string;
  readonly composition: Composed;
  /** Lets requests under way end, writes what is buffered and closes everything. */
  close(): Promise<void>;
}

export type RunningServer = RunningProcess<Composition>;

const drainMs = 10_000;

/** The API, and the work in the background that the settings' roles name. Commands find it by the file it leaves in the data directory. */
export async function startServer(
  settings: Settings,
  logger: Logger,
  dashboardDir?: string,
): Promise<RunningServer> {
  const composition = await compose(settings, logger, dashboardDir);
  return listen(composition, settings, logger, {
    async begin(url) {
      writeServerFile(settings.dir, { pid: process.pid, url, token: composition.controlToken });
      // An embedded database takes seconds to open, in which nobody could sign in.
      await composition.accounts.ping();
    },
    end: () => removeServerFile(settings.dir),
  });
}

/** Work in the background without the API; its port answers probes and metrics. */
export async function startWorker(settings: Settings, logger: Logger): Promise<RunningProcess> {
  const nothing = { begin: async () => {}, end: () => {} };
  return listen(await composeWorker(settings, logger), settings, logger, nothing);
}

/** Listens first and becomes ready when the background work has started, so that a probe always gets an answer. */
async function listen<Composed extends ComposedProcess>(
  composition: Composed,
  settings: Settings,
  logger: Logger,
  hooks: { readonly begin: (url: string) => Promise<void>; readonly end: () => void },
): Promise<RunningProcess<Composed>> {
  const server = createAdaptorServer({ fetch: composition.app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, settings.host, resolve);
  }).catch(async (error: unknown) => {
    await composition.close();
    throw addressError(error, settings);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`;

  async function close(): Promise<void> {
    hooks.end();
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    if ("closeIdleConnections" in server) server.closeIdleConnections();
    await composition.endStreams();
    const giveUp = setTimeout(() => {
      if ("closeAllConnections" in server) server.closeAllConnections();
    }, drainMs);
    await closed;
    clearTimeout(giveUp);
    await composition.close();
  }

  try {
    await hooks.begin(url);
    await composition.start();
  } catch (error) {
    await close();
    throw error;
  }
  logger.info({ url, roles: settings.roles }, "ready");
  return { url, composition, close };
}

function addressError(error: unknown, { host, port }: Settings): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "EADDRINUSE") return error;
  return new EcapError(
    "ECAP_CONFIG_INVALID",
    `${host}:${port} is taken; choose another with --port or ECAP_PORT`,
    { cause: error },
  );
}
