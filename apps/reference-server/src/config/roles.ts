import { type BackgroundRole, EcapError } from "@ecap/sdk";

/** What a process does: `api` answers requests, `worker` runs topologies and jobs, `sink` writes the lake. */
export const serverRoles = ["api", "worker", "sink"] as const;
export type ServerRole = (typeof serverRoles)[number];

const background: Readonly<Record<ServerRole, readonly BackgroundRole[]>> = {
  api: [],
  worker: ["topologies", "jobs"],
  sink: ["sinks"],
};

/** The work beside the API that the roles stand for. */
export function backgroundOf(roles: readonly ServerRole[]): readonly BackgroundRole[] {
  return roles.flatMap((role) => background[role]);
}

/** Roles as in `api,worker`; all where nothing is said. */
export function parseRoles(text: string | undefined): readonly ServerRole[] {
  if (text === undefined) return serverRoles;
  const named = text.split(",").map((part) => part.trim());
  const roles = serverRoles.filter((role) => named.includes(role));
  const unknown = named.find((name) => !serverRoles.some((role) => role === name));
  if (unknown === undefined && roles.length > 0) return roles;
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `"${unknown ?? text}" is no role: expected some of ${serverRoles.join(", ")}`,
    { received: text },
  );
}
