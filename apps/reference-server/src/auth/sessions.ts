import { randomBytes } from "node:crypto";
import { EcapError, type SecretStore } from "@ecap/sdk";
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

/** HS256 is as strong as its hash only from this length on. */
const leastSecretBytes = 32;

/**
 * Tokens signed with the deployment's secret `jwt-secret`, which is made on first use where the store can keep one. A store that cannot, such as
 * environment variables, has to hold it: several processes sign and verify with the same.
 */
export async function createSessions(secrets: SecretStore): Promise<Sessions> {
  const key = new TextEncoder().encode(await signingSecret(secrets));
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
