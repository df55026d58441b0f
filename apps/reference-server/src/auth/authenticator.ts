import { createHash, timingSafeEqual } from "node:crypto";
import { EcapError } from "@ecap/sdk";
import type { Principal, Role } from "@ecap/sdk/http";
import type { ApiKeys } from "./api-keys.ts";
import type { Sessions } from "./sessions.ts";
import type { Users } from "./users.ts";

export interface Authenticator {
  /** Who a request is from, by its Authorization header, its session cookie, or a key its body or address names; ECAP_UNAUTHENTICATED where nobody. */
  authenticate(credentials: Credentials): Promise<Principal>;
}

export interface Credentials {
  readonly authorization?: string | undefined;
  readonly session?: string | undefined;
  /** A write key from the body, as browser clients send it. */
  readonly writeKey?: string | undefined;
}

export interface AuthenticatorOptions {
  readonly apiKeys: ApiKeys;
  readonly users: Users;
  readonly sessions: Sessions;
  /** Known to processes that may read the data directory, such as the command line. */
  readonly controlToken: string;
  readonly tenant: string;
}

export function createAuthenticator({
  apiKeys,
  users,
  sessions,
  controlToken,
  tenant,
}: AuthenticatorOptions): Authenticator {
  const control: Principal = { id: "ecap-command", role: "admin", tenant, operator: true };

  async function byToken(token: string): Promise<Principal | undefined> {
    if (token.startsWith("ecap_")) return apiKeys.verify(token);
    if (sameText(token, controlToken)) return control;
    // A session says who signed in; whether they still may, and as what, is looked up.
    const session = await sessions.verify(token);
    return session && users.current(session.id);
  }

  return {
    async authenticate({ authorization, session, writeKey }) {
      const token = tokenOf(authorization) ?? writeKey ?? session;
      if (token === undefined)
        throw new EcapError("ECAP_UNAUTHENTICATED", "the request names nobody");
      const principal = await byToken(token);
      if (principal === undefined)
        throw new EcapError(
          "ECAP_UNAUTHENTICATED",
          "the key or token is wrong, revoked or expired",
        );
      return principal;
    },
  };
}

/** A bearer token, or the user name of basic credentials, which is where Segment's and RudderStack's clients put their write key. */
export function tokenOf(authorization: string | undefined): string | undefined {
  const match = /^(Bearer|Basic) +(\S+)$/i.exec(authorization ?? "");
  if (match?.[2] === undefined) return undefined;
  if (match[1]?.toLowerCase() === "bearer") return match[2];
  return Buffer.from(match[2], "base64").toString("utf8").split(":")[0];
}

const power: Readonly<Record<Role, number>> = { api_user: 0, viewer: 1, analyst: 2, admin: 3 };

/** Whether the role may do what `needed` may. Sending events is for api_user and admin alone. */
export function mayAct(role: Role, needed: Role): boolean {
  if (needed === "api_user") return role === "api_user" || role === "admin";
  return power[role] >= power[needed];
}

export function authorise({ id, role }: Principal, needed: Role): void {
  if (!mayAct(role, needed))
    throw new EcapError("ECAP_FORBIDDEN", `this needs the role ${needed}; ${id} has ${role}`);
}

/** Refuses at what concerns the whole deployment who is not of its own tenant. */
export function authoriseForDeployment({ tenant, operator }: Principal, own: string): void {
  if (operator !== true && tenant !== own)
    throw new EcapError(
      "ECAP_FORBIDDEN",
      "this concerns every tenant of the deployment; only people of its own tenant may",
    );
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
