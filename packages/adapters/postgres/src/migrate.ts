import { EcapError, type Migration } from "@ecap/sdk";
import { type Kysely, sql } from "kysely";

const migrationsTable = "ecap_migrations";

/**
 * Brings the owner's schema up to date in one transaction: every migration that was not applied yet, in name order, or none. Processes that
 * start together wait for one another on an advisory lock.
 */
export async function migrate(
  db: Kysely<unknown>,
  owner: string,
  migrations: readonly Migration[],
): Promise<void> {
  const schema = schemaOf(owner);
  assertDistinct(owner, migrations);
  await db.transaction().execute(async (transaction) => {
    const table = sql.table(`${schema}.${migrationsTable}`);
    await sql`select pg_advisory_xact_lock(hashtext(${`ecap/${schema}`}))`.execute(transaction);
    await sql`create schema if not exists ${sql.ref(schema)}`.execute(transaction);
    await sql`create table if not exists ${table} (name text primary key, applied_at timestamptz not null default now())`.execute(
      transaction,
    );
    const { rows } = await sql<{ name: string }>`select name from ${table}`.execute(transaction);
    const applied = new Set(rows.map(({ name }) => name));
    // SQL text in a migration finds the owner's tables without naming the schema.
    await sql`set local search_path to ${sql.ref(schema)}, public`.execute(transaction);
    for (const migration of inOrder(migrations)) {
      if (applied.has(migration.name)) continue;
      await migration.up(transaction.withSchema(schema));
      await sql`insert into ${table} (name) values (${migration.name})`.execute(transaction);
    }
  });
}

/** The PostgreSQL schema of an owner. */
export function schemaOf(owner: string): string {
  const schema = owner.replaceAll("-", "_");
  if (/^[a-z][a-z0-9_]{0,62}$/.test(schema) && !schema.startsWith("pg_") && schema !== "public") {
    return schema;
  }
  throw new EcapError("ECAP_CONFIG_INVALID", `"${owner}" cannot own a database schema`, {
    received: owner,
  });
}

function inOrder(migrations: readonly Migration[]): readonly Migration[] {
  return migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function assertDistinct(owner: string, migrations: readonly Migration[]): void {
  const names = new Set(migrations.map(({ name }) => name));
  if (names.size === migrations.length) return;
  throw new EcapError("ECAP_CONFIG_INVALID", `two migrations of "${owner}" have the same name`);
}
