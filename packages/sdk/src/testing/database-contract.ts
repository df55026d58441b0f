import { type Generated, type Kysely, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database, Migration } from "../ports/database.ts";
import { uniqueName } from "./log-fixtures.ts";

export interface DatabaseSubject {
  readonly database: Database;
  /** Another process's view of the same database, where there can be one. */
  again?(): Promise<DatabaseSubject>;
  /** Where it outlives the process: closes it and opens it again. */
  reopen?(): Promise<DatabaseSubject>;
  close?(): Promise<void>;
}

interface Tables {
  readonly notes: { id: Generated<string>; text: string };
}

const createNotes: Migration = {
  name: "0001-notes",
  async up(db) {
    await db.schema
      .createTable("notes")
      .addColumn("id", "bigserial", (column) => column.primaryKey())
      .addColumn("text", "text", (column) => column.notNull().unique())
      .execute();
  },
};
const addFirst: Migration = {
  name: "0002-first",
  up: async (db) => void (await sql`insert into notes (text) values ('first')`.execute(db)),
};

const texts = async (db: Kysely<Tables>): Promise<string[]> =>
  (await db.selectFrom("notes").select("text").orderBy("id").execute()).map((row) => row.text);

/** What every {@link Database} does. Owners are unique, so suites can share one server. */
export function databaseContract(name: string, make: () => Promise<DatabaseSubject>): void {
  describe(`Database: ${name}`, { timeout: 60_000 }, () => {
    let subject: DatabaseSubject;
    let owner: string;
    beforeEach(async () => {
      subject = await make();
      owner = uniqueName("owner");
    }, 60_000);
    afterEach(() => subject.close?.());

    const open = (migrations: readonly Migration[] = [createNotes, addFirst], who = owner) =>
      subject.database.open<Tables>(who, migrations);

    it("applies migrations in name order, each once", async () => {
      expect(await texts(await open([addFirst, createNotes]))).toEqual(["first"]);
      const addSecond: Migration = {
        name: "0003-second",
        up: async (db) => void (await sql`insert into notes (text) values ('second')`.execute(db)),
      };
      expect(await texts(await open([createNotes, addFirst, addSecond]))).toEqual([
        "first",
        "second",
      ]);
      expect(await texts(await open([createNotes, addFirst, addSecond]))).toEqual([
        "first",
        "second",
      ]);
    });

    it("applies them once for many that open together", async () => {
      const other = await subject.again?.();
      const databases = [subject.database, other?.database ?? subject.database];
      const opened = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          (databases[i % 2] ?? subject.database).open<Tables>(owner, [createNotes, addFirst]),
        ),
      );
      for (const db of opened) expect(await texts(db)).toEqual(["first"]);
      await other?.close?.();
    });

    it("applies all or none", async () => {
      const failing: Migration = {
        name: "0002-failing",
        async up(db) {
          await sql`insert into notes (text) values ('half')`.execute(db);
          throw new Error("cannot go on");
        },
      };
      await expect(open([createNotes, failing])).rejects.toThrow("cannot go on");
      expect(await texts(await open())).toEqual(["first"]);
    });

    it("keeps owners apart", async () => {
      const mine = await open();
      const other = await open([createNotes], `${owner}-other`);
      await other.insertInto("notes").values({ text: "theirs" }).execute();
      expect(await texts(mine)).toEqual(["first"]);
      expect(await texts(other)).toEqual(["theirs"]);
    });

    it("refuses a name that cannot own a schema, and two migrations of one name", async () => {
      const invalid = { code: "ECAP_CONFIG_INVALID" };
      for (const bad of ["", "public", "pg_catalog", 'a"; drop schema public; --']) {
        await expect(open([], bad)).rejects.toMatchObject(invalid);
      }
      await expect(open([createNotes, createNotes])).rejects.toMatchObject(invalid);
    });

    it("commits or rolls back a transaction as a whole", async () => {
      const db = await open();
      const failed = db.transaction().execute(async (transaction) => {
        await transaction.insertInto("notes").values({ text: "lost" }).execute();
        await transaction.insertInto("notes").values({ text: "first" }).execute();
      });
      await expect(failed).rejects.toThrow(/unique|duplicate/i);
      expect(await texts(db)).toEqual(["first"]);
    });

    it("keeps concurrent transactions apart", async () => {
      const db = await open();
      await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          db
            .transaction()
            .execute(async (transaction) => {
              const { count } = await transaction
                .selectFrom("notes")
                .select((eb) => eb.fn.countAll<string>().as("count"))
                .executeTakeFirstOrThrow();
              expect(Number(count)).toBeGreaterThan(0);
              await transaction
                .insertInto("notes")
                .values({ text: `t${i}` })
                .execute();
              if (i % 2 === 1) throw new Error("rolled back");
            })
            .catch((error: unknown) => {
              expect(String(error)).toContain("rolled back");
            }),
        ),
      );
      expect((await texts(db)).slice(1).toSorted()).toEqual(["t0", "t2", "t4", "t6", "t8"]);
    });

    it("reads values the same way everywhere", async () => {
      const db = await open();
      const { rows } = await sql`
        select 9007199254740993::int8 as big, 12.340::numeric as decimal, 7::int4 as small, date '2026-02-28' as day,
          timestamptz '2026-02-28T12:00:00Z' as moment, '{"a":[1]}'::jsonb as json, ${"it's"}::text as text, null as nothing, true as yes
      `.execute(db);
      expect(rows).toEqual([
        {
          big: "9007199254740993",
          decimal: "12.340",
          small: 7,
          day: "2026-02-28",
          moment: new Date("2026-02-28T12:00:00Z"),
          json: { a: [1] },
          text: "it's",
          nothing: null,
          yes: true,
        },
      ]);
      const changed = await db.updateTable("notes").set({ text: "changed" }).executeTakeFirst();
      expect(changed.numUpdatedRows).toBe(1n);
    });

    it("holds what was written after it was opened again", async (context) => {
      if (subject.reopen === undefined) {
        context.skip("lives as long as its process");
        return;
      }
      await (await open()).insertInto("notes").values({ text: "kept" }).execute();
      subject = await subject.reopen();
      expect(await texts(await open())).toEqual(["first", "kept"]);
    }, 60_000);
  });
}
