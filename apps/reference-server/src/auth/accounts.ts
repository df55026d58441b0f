import type { Clock, Database } from "@ecap/sdk";
import { type Kysely, sql } from "kysely";
import { type AccountTables, accountMigrations } from "./accounts-schema.ts";
import { type ApiKeys, createApiKeys } from "./api-keys.ts";
import { createUsers, type Users } from "./users.ts";

/** Who may use the platform. The database is opened when the first of them is asked for. */
export interface Accounts {
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  /** Rejects where the database does not answer. */
  ping(): Promise<void>;
}

export function createAccounts(database: Database, clock: Clock): Accounts {
  let opened: Promise<Kysely<AccountTables>> | undefined;
  const open = (): Promise<Kysely<AccountTables>> => {
    opened ??= database
      .open<AccountTables>("accounts", accountMigrations)
      .catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
    return opened;
  };
  return {
    users: createUsers(open, clock),
    apiKeys: createApiKeys(open, clock),
    ping: async () => void (await sql`select 1`.execute(await open())),
  };
}
