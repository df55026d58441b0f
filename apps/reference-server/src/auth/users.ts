import { type Clock, EcapError } from "@ecap/sdk";
import type { Principal, Role } from "@ecap/sdk/http";
import type { Kysely } from "kysely";
import type { AccountTables } from "./accounts-schema.ts";
import { hashPassword, verifyPassword } from "./password.ts";

export interface User {
  readonly name: string;
  readonly tenant: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly disabled: boolean;
}

export interface Users {
  create(user: {
    readonly name: string;
    readonly password: string;
    readonly role: Role;
    readonly tenant: string;
  }): Promise<User>;
  list(tenant: string): Promise<readonly User[]>;
  disable(name: string, tenant: string): Promise<void>;
  isEmpty(): Promise<boolean>;
  /** Who the user is at this time; undefined for one who was disabled. Another process may go on accepting such a one for ten seconds. */
  current(name: string): Promise<Principal | undefined>;
  /** The principal, or undefined for a wrong name or password, in the same time. */
  signIn(name: string, password: string): Promise<Principal | undefined>;
}

const leastPasswordLength = 10;
/** Compared against where the name is unknown, so that the time does not tell. */
let decoy: Promise<string> | undefined;

const cacheMs = 10_000;
const cachedUsers = 10_000;

export function createUsers(open: () => Promise<Kysely<AccountTables>>, clock: Clock): Users {
  const cache = new Map<string, { readonly principal: Principal; readonly until: number }>();
  return {
    async create({ name, password, role, tenant }) {
      checkPassword(password);
      const db = await open();
      const row = await db
        .insertInto("users")
        .values({
          name,
          tenant,
          role,
          password_hash: await hashPassword(password),
          created_at: new Date(),
          disabled_at: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row === undefined)
        throw new EcapError("ECAP_CONFLICT", `there is a user "${name}" already`);
      return toUser(row);
    },
    async list(tenant) {
      const db = await open();
      return (
        await db
          .selectFrom("users")
          .selectAll()
          .where("tenant", "=", tenant)
          .orderBy("name")
          .execute()
      ).map(toUser);
    },
    async disable(name, tenant) {
      const db = await open();
      const { numUpdatedRows } = await db
        .updateTable("users")
        .set({ disabled_at: new Date() })
        .where("name", "=", name)
        .where("tenant", "=", tenant)
        .executeTakeFirst();
      if (numUpdatedRows === 0n)
        throw new EcapError("ECAP_NOT_FOUND", `there is no user "${name}"`);
      cache.delete(name);
    },
    async isEmpty() {
      const db = await open();
      return (
        (await db.selectFrom("users").select("name").limit(1).executeTakeFirst()) === undefined
      );
    },
    async current(name) {
      const hit = cache.get(name);
      if (hit !== undefined && hit.until > clock.now()) return hit.principal;
      const db = await open();
      const row = await db
        .selectFrom("users")
        .select(["name", "role", "tenant"])
        .where("name", "=", name)
        .where("disabled_at", "is", null)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const principal = { id: row.name, role: row.role, tenant: row.tenant };
      if (cache.size >= cachedUsers) cache.clear();
      cache.set(name, { principal, until: clock.now() + cacheMs });
      return principal;
    },
    async signIn(name, password) {
      const db = await open();
      const row = await db
        .selectFrom("users")
        .selectAll()
        .where("name", "=", name)
        .executeTakeFirst();
      decoy ??= hashPassword("a password nobody has");
      const matches = await verifyPassword(password, row?.password_hash ?? (await decoy));
      if (row === undefined || !matches || row.disabled_at !== null) return undefined;
      return { id: row.name, role: row.role, tenant: row.tenant };
    },
  };
}

function checkPassword(password: string): void {
  if (password.length < leastPasswordLength)
    throw new EcapError(
      "ECAP_REQUEST_INVALID",
      `a password has at least ${leastPasswordLength} characters`,
      { path: "/password" },
    );
  if (password.length > 1_000)
    throw new EcapError("ECAP_REQUEST_INVALID", "a password has at most 1,000 characters", {
      path: "/password",
    });
}

function toUser(row: AccountTables["users"]): User {
  return {
    name: row.name,
    tenant: row.tenant,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    disabled: row.disabled_at !== null,
  };
}
