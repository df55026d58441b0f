import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Clock, EcapError } from "@ecap/sdk";
import type { Principal, Role } from "@ecap/sdk/http";
import type { Kysely } from "kysely";
import type { AccountTables } from "./accounts-schema.ts";

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly role: Role;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

export interface ApiKeys {
  /** The key itself is told this once and never again. */
  create(key: {
    readonly name: string;
    readonly role: Role;
    readonly tenant: string;
    readonly createdBy: string;
  }): Promise<ApiKey & { readonly key: string }>;
  list(tenant: string): Promise<readonly ApiKey[]>;
  revoke(id: string, tenant: string): Promise<void>;
  /** Who the key stands for; undefined for a wrong or revoked one. */
  verify(key: string): Promise<Principal | undefined>;
}

/** `ecap_<id>_<secret>`: the id finds the row, the secret is compared by its hash. */
const form = /^ecap_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
/** How long another process may go on accepting a key that was revoked. */
const cacheMs = 10_000;
const cachedKeys = 10_000;

export function createApiKeys(open: () => Promise<Kysely<AccountTables>>, clock: Clock): ApiKeys {
  const cache = new Map<string, { readonly principal: Principal; readonly until: number }>();

  async function look(key: string): Promise<Principal | undefined> {
    const match = form.exec(key);
    if (match?.[1] === undefined || match[2] === undefined) return undefined;
    const db = await open();
    const row = await db
      .selectFrom("api_keys")
      .selectAll()
      .where("id", "=", match[1])
      .executeTakeFirst();
    if (row === undefined || row.revoked_at !== null) return undefined;
    const same = timingSafeEqual(
      Buffer.from(hashSecret(match[2]), "hex"),
      Buffer.from(row.secret_hash, "hex"),
    );
    if (!same) return undefined;
    return { id: row.id, role: row.role, tenant: row.tenant, madeBy: row.created_by };
  }

  return {
    async create({ name, role, tenant, createdBy }) {
      const id = randomBytes(32)
        .toString("base64url")
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, "")
        .slice(0, 12)
        .padEnd(12, "0");
      const secret = randomBytes(32).toString("base64url");
      const db = await open();
      const row = await db
        .insertInto("api_keys")
        .values({
          id,
          name,
          tenant,
          role,
          secret_hash: hashSecret(secret),
          created_by: createdBy,
          created_at: new Date(),
          revoked_at: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return { ...toApiKey(row), key: `ecap_${id}_${secret}` };
    },
    async list(tenant) {
      const db = await open();
      return (
        await db
          .selectFrom("api_keys")
          .selectAll()
          .where("tenant", "=", tenant)
          .orderBy("created_at")
          .execute()
      ).map(toApiKey);
    },
    async revoke(id, tenant) {
      const db = await open();
      const { numUpdatedRows } = await db
        .updateTable("api_keys")
        .set({ revoked_at: new Date() })
        .where("id", "=", id)
        .where("tenant", "=", tenant)
        .executeTakeFirst();
      if (numUpdatedRows === 0n)
        throw new EcapError("ECAP_NOT_FOUND", `there is no API key "${id}"`);
      cache.clear();
    },
    async verify(key) {
      const hit = cache.get(key);
      if (hit !== undefined && hit.until > clock.now()) return hit.principal;
      const principal = await look(key);
      if (principal === undefined) cache.delete(key);
      else {
        if (cache.size >= cachedKeys) cache.clear();
        cache.set(key, { principal, until: clock.now() + cacheMs });
      }
      return principal;
    },
  };
}

function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function toApiKey(row: AccountTables["api_keys"]): ApiKey {
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenant,
    role: row.role,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
