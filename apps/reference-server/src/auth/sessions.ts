import { createHash, randomBytes } from "node:crypto";
import { type Clock, EcapError, type SecretStore, type StateStore } from "@ecap/sdk";
import { type Principal, type Role, roles } from "@ecap/sdk/http";
import { jwtVerify, SignJWT } from "jose";

export interface Sessions {
  /** A signed token that says who it is for, for twelve hours. */
  issue(principal: Principal): Promise<string>;
  /** Who the token is for; undefined where it is forged, altered, expired or ended. ECAP_SERVICE_UNREACHABLE where nobody can say whether it was ended. */
  verify(token: string): Promise<Principal | undefined>;
  /** Ends the token's session, in every process that shares the state store. Anything but a valid token is ignored. */
  end(token: string): Promise<void>;
  /** Ends all sessions of the user that began until now, likewise. */
  endAll(userName: string): Promise<void>;
}

export interface SessionsOptions {
  readonly secrets: SecretStore;
  /** Holds which sessions were ended, until they would have expired. */
  readonly stateStore: StateStore;
  readonly clock: Clock;
}

interface SignedSession {
  readonly principal: Principal;
  readonly id: string;
  readonly issuedAtMs: number;
}

export const sessionSeconds = 12 * 3_600;
const issuer = "ecap";
const secretName = "jwt-secret";
const maxTries = 5;

/** HS256 is as strong as its hash only from this length on. */
const leastSecretBytes = 32;

/**
 * Tokens signed with the deployment's secret `jwt-secret`, which is made on first use where the store can keep one. A store that cannot, such as
 * environment variables, has to hold it: several processes sign and verify with the same.
 */
export async function createSessions({
  secrets,
  stateStore,
  clock,
}: SessionsOptions): Promise<Sessions> {
  const key = new TextEncoder().encode(await signingSecret(secrets));

  async function signed(token: string): Promise<SignedSession | undefined> {
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience: issuer,
        algorithms: ["HS256"],
      });
      const { sub, role, tenant, jti, began } = payload;
      if (sub === undefined || jti === undefined) return undefined;
      if (typeof tenant !== "string" || typeof began !== "number") return undefined;
      if (!roles.includes(role as Role)) return undefined;
      return { principal: { id: sub, role: role as Role, tenant }, id: jti, issuedAtMs: began };
    } catch {
      return undefined;
    }
  }

  /** Writes unless what is there says more. */
  async function remember(name: string, atMs: number): Promise<void> {
    const value = new TextEncoder().encode(String(atMs));
    const expiresAt = clock.now() + sessionSeconds * 1_000;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const [entry] = await stateStore.get([name]);
      if (entry !== undefined && timeOf(entry.value) >= atMs) return;
      const change = { key: name, value, expiresAt };
      if ((await stateStore.compareAndSet(change, entry?.version)) !== undefined) {
        await stateStore.flush();
        return;
      }
    }
    throw new EcapError("ECAP_STATE_CONFLICT", "others keep ending the same sessions");
  }

  return {
    issue: ({ id, role, tenant }) =>
      new SignJWT({ role, tenant, began: clock.now() })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(id)
        .setJti(randomBytes(12).toString("base64url"))
        .setIssuer(issuer)
        .setAudience(issuer)
        .setIssuedAt()
        .setExpirationTime(`${sessionSeconds}s`)
        .sign(key),
    async verify(token) {
      const session = await signed(token);
      if (session === undefined) return undefined;
      const [one, all] = await stateStore.get([
        endedKey(session.id),
        allEndedKey(session.principal.id),
      ]);
      if (one !== undefined) return undefined;
      if (all !== undefined && session.issuedAtMs <= timeOf(all.value)) return undefined;
      return session.principal;
    },
    async end(token) {
      const session = await signed(token);
      if (session !== undefined) await remember(endedKey(session.id), clock.now());
    },
    endAll: (userName) => remember(allEndedKey(userName), clock.now()),
  };
}

async function signingSecret(secrets: SecretStore): Promise<string> {
  const given = await secrets.get(secretName);
  if (given !== undefined && Buffer.byteLength(given) >= leastSecretBytes) return given;
  if (given === undefined && secrets.set) {
    const made = randomBytes(48).toString("base64url");
    await secrets.set(secretName, made);
    return made;
  }
  const found = given === undefined ? "is missing" : "is too short";
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `the secret "${secretName}" ${found}: give all processes of the API the same one, of ${leastSecretBytes} characters or more`,
  );
}

function endedKey(sessionId: string): string {
  return `session/ended/${sessionId}`;
}

/** A user's name is no part of a key: it may be a person's. */
function allEndedKey(userName: string): string {
  return `session/all-ended/${createHash("sha256").update(userName).digest("base64url")}`;
}

function timeOf(value: Uint8Array): number {
  return Number(new TextDecoder().decode(value));
}
