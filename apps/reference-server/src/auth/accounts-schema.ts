import type { Migration } from "@ecap/sdk";
import type { Role } from "@ecap/sdk/http";
import { sql } from "kysely";

export interface UserRow {
  name: string;
  tenant: string;
  role: Role;
  password_hash: string;
  created_at: Date;
  disabled_at: Date | null;
}

export interface ApiKeyRow {
  id: string;
  name: string;
  tenant: string;
  role: Role;
  /** SHA-256 of the secret part. */
  secret_hash: string;
  created_by: string;
  created_at: Date;
  revoked_at: Date | null;
}

export interface AccountTables {
  users: UserRow;
  api_keys: ApiKeyRow;
}

const roleCheck = sql`role in ('api_user', 'viewer', 'analyst', 'admin')`;

export const accountMigrations: readonly Migration[] = [
  {
    name: "001-users-and-api-keys",
    async up(db) {
      await db.schema
        .createTable("users")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("tenant", "text", (column) => column.notNull())
        .addColumn("role", "text", (column) => column.notNull().check(roleCheck))
        .addColumn("password_hash", "text", (column) => column.notNull())
        .addColumn("created_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
        .addColumn("disabled_at", "timestamptz")
        .execute();
      await db.schema
        .createTable("api_keys")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("tenant", "text", (column) => column.notNull())
        .addColumn("role", "text", (column) => column.notNull().check(roleCheck))
        .addColumn("secret_hash", "text", (column) => column.notNull())
        .addColumn("created_by", "text", (column) => column.notNull())
        .addColumn("created_at", "timestamptz", (column) => column.notNull().defaultTo(sql`now()`))
        .addColumn("revoked_at", "timestamptz")
        .execute();
    },
  },
];
