import { pgliteDatabase } from "@ecap/adapter-postgres";
import { type CaseTables, caseMigrations } from "../../src/cases/case-tables.ts";
import { casesOnDatabase } from "./cases-on-database.ts";

casesOnDatabase("PGlite", async () => {
  const database = pgliteDatabase();
  const db = await database.open<CaseTables>("fraud", caseMigrations);
  return { db, close: () => database.close() };
});
