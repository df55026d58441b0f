import type { Platform, PortName } from "@ecap/sdk";
import type { ServerRole } from "../config/roles.ts";
import type { DependencyCheck } from "./readiness.ts";

/** What a role is not ready without. */
const needs: Readonly<Record<ServerRole, readonly PortName[]>> = {
  api: ["eventLog", "stateStore", "database", "objectStore"],
  worker: ["eventLog", "stateStore"],
  sink: ["eventLog", "objectStore"],
};

export interface DependencyCheckOptions {
  readonly platform: Platform;
  readonly roles: readonly ServerRole[];
  /** Asks the database for something; absent where this process has no use for it. */
  readonly pingDatabase?: () => Promise<unknown>;
}

/** One check for each of the platform's stores. */
export function dependencyChecks(options: DependencyCheckOptions): readonly DependencyCheck[] {
  const { platform, roles, pingDatabase } = options;
  const needed = new Set(roles.flatMap((role) => needs[role]));
  const runs: ReadonlyArray<readonly [PortName, () => Promise<unknown>]> = [
    ["eventLog", async () => platform.port("eventLog").topics()],
    ["stateStore", async () => platform.port("stateStore").get(["health"])],
    ...(pingDatabase ? [["database", pingDatabase] as const] : []),
    ["objectStore", async () => firstOf(platform.port("objectStore").list(""))],
  ];
  return runs
    .filter(([name]) => platform.has(name))
    .map(([name, run]) => ({ name, needed: needed.has(name), run }));
}

async function firstOf(listed: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of listed) return;
}
