import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EcapError, isEcapError, type Logger } from "@ecap/sdk";
import type { Command } from "commander";
import { pino } from "pino";
import { loadSettings, type SettingOverrides, type Settings } from "../config/load-config.ts";
import { type RunningServer, startServer, startWorker } from "../server/start-server.ts";
import { createOutput } from "./output.ts";

export interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly demo?: boolean;
  readonly roles?: string;
}

/** Runs until SIGTERM or SIGINT, then drains. */
export async function serve(options: ServeOptions, command: Command): Promise<void> {
  const settings = await loadSettings(command.optsWithGlobals<SettingOverrides>());
  const logger = pino({ level: logLevel(options.demo === true) }, pino.destination(2));
  if (settings.roles?.includes("api") === false) return work(settings, logger);
  const server = await startServer(settings, logger, dashboardDir());
  const stopDemo: { close?: () => Promise<void> } = {};
  const ended = untilSignal();
  const stop = async (): Promise<void> => {
    await stopDemo.close?.();
    await server.close();
  };
  try {
    await createFirstAdmin(server, settings);
    if (options.demo === true) Object.assign(stopDemo, await startDemo(server, settings));
    process.stdout.write(`\n  ECAP is at ${server.url}\n\n`);
    await ended;
  } finally {
    await stop();
  }
}

/** A process without the API, until SIGTERM or SIGINT. */
async function work(settings: Settings, logger: Logger): Promise<void> {
  const worker = await startWorker(settings, logger);
  process.stdout.write(
    `\n  ECAP works as ${settings.roles?.join(", ")}; probes at ${worker.url}\n\n`,
  );
  await untilSignal();
  await worker.close();
}

function logLevel(demo: boolean): string {
  const level = process.env["ECAP_LOG_LEVEL"] ?? (demo ? "warn" : "info");
  const known = [...Object.keys(pino.levels.values), "silent"];
  if (known.includes(level)) return level;
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `ECAP_LOG_LEVEL "${level}" is none of ${known.join(", ")}`,
  );
}

async function startDemo(
  server: RunningServer,
  settings: Settings,
): Promise<{ close: () => Promise<void> }> {
  const { runDemo } = await import("../demo/run-demo.ts");
  const output = createOutput(false);
  const announcement = `\n  The dashboard can be opened already: ${server.url}\n  Ninety days of a simulated shop are on their way into it.\n\n`;
  let announced = false;
  const demo = await runDemo(server.composition, settings.tenant, (share, events) => {
    if (!announced) process.stdout.write(announcement);
    announced = true;
    output.progress(share, `${events.toLocaleString("en")} events`);
  });
  output.endProgress();
  return demo;
}

async function createFirstAdmin(
  { composition }: RunningServer,
  { tenant }: Settings,
): Promise<void> {
  const { users } = composition.accounts;
  if (!(await users.isEmpty())) return;
  const given = process.env["ECAP_ADMIN_PASSWORD"];
  const password = given ?? randomBytes(12).toString("base64url");
  try {
    await users.create({ name: "admin", password, role: "admin", tenant });
  } catch (error) {
    // Another process that starts now was faster, and has said its password.
    if (isEcapError(error, "ECAP_CONFLICT")) return;
    throw error;
  }
  process.stdout.write(
    given === undefined
      ? `\n  Sign in as admin with the password ${password}\n  It is shown this once.\n`
      : "\n  Sign in as admin with the password of ECAP_ADMIN_PASSWORD.\n",
  );
}

function dashboardDir(): string | undefined {
  const dir = fileURLToPath(new URL("../../../reference-dashboard/dist", import.meta.url));
  return existsSync(dir) ? dir : undefined;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}
