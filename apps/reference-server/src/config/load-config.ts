import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EcapError } from "@ecap/sdk";
import type { Config } from "./define-config.ts";
import { parseRoles, type ServerRole } from "./roles.ts";

export interface Settings {
  readonly config: Config;
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly tenant: string;
  /** What this process does. Default: everything. */
  readonly roles?: readonly ServerRole[];
}

export interface SettingOverrides {
  readonly config?: string | undefined;
  readonly dir?: string | undefined;
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly roles?: string | undefined;
}

/** Settings from the command line, then the environment, then `ecap.config.ts`, then defaults. */
export async function loadSettings(
  overrides: SettingOverrides = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<Settings> {
  const config = await loadConfig(overrides.config ?? env["ECAP_CONFIG"]);
  return {
    config,
    dir: resolve(overrides.dir ?? env["ECAP_DATA_DIR"] ?? "data"),
    host: overrides.host ?? env["ECAP_HOST"] ?? "127.0.0.1",
    port: portOf(overrides.port ?? env["ECAP_PORT"] ?? "8000"),
    tenant: config.tenant ?? "default",
    roles: parseRoles(overrides.roles ?? env["ECAP_ROLES"]),
  };
}

async function loadConfig(given: string | undefined): Promise<Config> {
  const file = resolve(given ?? "ecap.config.ts");
  if (!existsSync(file)) {
    if (given !== undefined)
      throw new EcapError("ECAP_CONFIG_INVALID", `there is no configuration file "${given}"`);
    return (await import("./default-config.ts")).defaultConfig;
  }
  const config = (await importFile(file)).default;
  if (typeof config?.adapters !== "function" || !Array.isArray(config.plugins)) {
    throw new EcapError(
      "ECAP_CONFIG_INVALID",
      `${given ?? "ecap.config.ts"} must have a default export made by defineConfig, with adapters and plugins`,
    );
  }
  return config;
}

/** From source a loader that knows TypeScript is there, and shares this program's modules; jiti would load the built ones beside them. */
async function importFile(file: string): Promise<{ readonly default?: Config }> {
  if (import.meta.url.endsWith(".ts")) {
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default?: Config };
  }
  const { createJiti } = await import("jiti");
  return createJiti(import.meta.url).import<{ default?: Config }>(file);
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new EcapError("ECAP_CONFIG_INVALID", `"${text}" is no port: expected 0 to 65535`);
}
