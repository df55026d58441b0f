import type { Kysely } from "kysely";

/** A named step that changes one plugin's part of the database. Names sort in the order they are applied. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}

/**
 * Rows that people edit: users, keys, cases, labels. Opened on first use. Each owner (a plugin or the server) has a PostgreSQL schema of its own.
 */
export interface Database {
  /** The owner's tables, after its migrations were applied, each once and in name order, also with several processes starting together. */
  open<Tables>(owner: string, migrations: readonly Migration[]): Promise<Kysely<Tables>>;
}
