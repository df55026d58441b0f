import { postgresDatabase } from "@ecap/adapter-postgres";
import { sql } from "kysely";

const [connectionString = "", owner = ""] = process.argv.slice(2);
const database = postgresDatabase({ connectionString });
const db = await database.open<{ steps: { name: string } }>(owner, [
  {
    name: "0001-steps",
    up: (schema) => schema.schema.createTable("steps").addColumn("name", "text").execute(),
  },
  ...["0002", "0003"].map((name) => ({
    name,
    async up(schema: Parameters<Parameters<typeof database.open>[1][number]["up"]>[0]) {
      await sql`insert into steps (name) values (${name})`.execute(schema);
      await sql`select pg_sleep(0.2)`.execute(schema);
    },
  })),
]);
const steps = await db.selectFrom("steps").select("name").execute();
await database.close();
process.send?.(steps.map(({ name }) => name));
