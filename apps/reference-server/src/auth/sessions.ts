import { randomBytes } from "node:crypto";
import type { SecretStore } from "@ecap/sdk";
import { type Principal, type Role, roles } from "@ecap/sdk/http";
import { jwtVerify, SignJWT } from "jose";

export interface Sessions {
  /** A signed token that says who it is for, for twelve hours. */
  issue(principal: Principal): Promise<string>;
  /** Who the token is for; undefined where it is forged, altered or expired. */
  verify(token: string): Promise<Principal | undefined>;
}

export const sessionSeconds = 12 * 3_600;
const issuer = "ecap";
const secretName = "jwt-secret";

/** Tokens signed with the deployment's secret `jwt-secret`, which is made on first use where the store can keep one. */
export async function createSessions(secrets: SecretStore): Promise<Sessions> {
  let secret = await secrets.get(secretName);
  if (secret === undefined) {
    secret = randomBytes(48).toString("base64url");
    await secrets.set?.(secretName, secret);
  }
  const key = new TextEncoder().encode(secret);
  return {
    issue: ({ id, role, tenant }) =>
      new SignJWT({ role, tenant })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(id)
        .setIssuer(issuer)
        .setAudience(issuer)
        .setIssuedAt()
        .setExpirationTime(`${sessionSeconds}s`)
        .sign(key),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          issuer,
          audience: issuer,
          algorithms: ["HS256"],
        });
        const { sub, role, tenant } = payload;
        if (sub === undefined || typeof tenant !== "string" || !roles.includes(role as Role))
          return undefined;
        return { id: sub, role: role as Role, tenant };
      } catch {
        return undefined;
      }
    },
  };
}
