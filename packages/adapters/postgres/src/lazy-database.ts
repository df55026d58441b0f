import { type Database, EcapError } from "@ecap/sdk";
import type { Kysely } from "kysely";
import { migrate, schemaOf } from "./migrate.ts";

export interface ClosableDatabase extends Database {
  /** Lets go of the database; nothing happens where it was never used. */
  readonly close: () => Promise<void>;
}

/** A database that is connected to with the first `open`. Migrations run on a connection of their own where there is a `migrator`: their time limits differ. */
export function lazyDatabase(
  connect: () => Promise<Kysely<unknown>>,
  { migrator }: { readonly migrator?: () => Promise<Kysely<unknown>> } = {},
): ClosableDatabase {
  let connecting: Promise<Kysely<unknown>> | undefined;
  let closed = false;

  async function connected(): Promise<Kysely<unknown>> {
    if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "the database was closed");
    connecting ??= connect();
    try {
      return await connecting;
    } catch (error) {
      // The next caller tries again.
      connecting = undefined;
      throw error;
    }
  }

  return {
    async open<Tables>(owner: string, migrations: Parameters<Database["open"]>[1]) {
      const schema = schemaOf(owner);
      const db = await connected();
      if (migrator === undefined) await migrate(db, owner, migrations);
      else await using(migrator, (own) => migrate(own, owner, migrations));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the migrations make these tables; their types are the owner's word
      return db.withSchema(schema) as Kysely<Tables>;
    },
    async close() {
      if (closed) return;
      closed = true;
      const db = await connecting?.catch(() => undefined);
      await db?.destroy();
    },
  };
}

async function using(
  connect: () => Promise<Kysely<unknown>>,
  step: (db: Kysely<unknown>) => Promise<void>,
): Promise<void> {
  const db = await connect();
  try {
    await step(db);
  } finally {
    await db.destroy();
  }
}
