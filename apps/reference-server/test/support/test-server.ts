import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ecap/sdk";
import type { Role } from "@ecap/sdk/http";
import { defaultConfig } from "../../src/config/default-config.ts";
import type { Config } from "../../src/config/define-config.ts";
import { type RunningServer, startServer } from "../../src/server/start-server.ts";

export interface TestServer extends RunningServer {
  readonly dir: string;
  key(role: Role): Promise<string>;
  /** Rows of a query once everything sent so far is in the lake. */
  rows(sql: string, ...tables: string[]): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>;
  get(
    path: string,
    key: string,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
}

/** The real server with everything embedded, or as configured, in a folder of its own, on a free port. */
export async function startTestServer(
  options: {
    readonly dir?: string;
    readonly dashboardDir?: string;
    readonly port?: number;
    readonly config?: Config;
  } = {},
): Promise<TestServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "ecap-server-")));
  const server = await startServer(
    {
      config: options.config ?? defaultConfig,
      dir,
      host: "127.0.0.1",
      port: options.port ?? 0,
      tenant: "default",
    },
    silentLogger,
    options.dashboardDir,
  );
  const { platform, accounts } = server.composition;
  return {
    ...server,
    dir,
    async key(role) {
      const { key } = await accounts.apiKeys.create({
        name: `test ${role}`,
        role,
        tenant: "default",
        createdBy: "test",
      });
      return key;
    },
    async rows(sql, ...tables) {
      await platform.drain();
      const result = await platform.port("queryEngine").query({
        sql,
        tenant: "default",
        tables: Object.fromEntries(tables.map((table) => [table, {}])),
      });
      return result.rows;
    },
    async get(path, key) {
      const response = await fetch(`${server.url}${path}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async close() {
      await server.close();
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}
