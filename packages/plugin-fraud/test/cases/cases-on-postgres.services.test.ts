import { randomUUID } from "node:crypto";
import { postgresDatabase } from "@ecap/adapter-postgres";
import { describe, expect, it } from "vitest";
import { type CaseTables, caseMigrations } from "../../src/cases/case-tables.ts";
import { casesOnDatabase } from "./cases-on-database.ts";

const connectionString = process.env["ECAP_TEST_POSTGRES_URL"];

if (connectionString === undefined) {
  describe("cases on PostgreSQL", () => {
    it("needs ECAP_TEST_POSTGRES_URL", (context) => {
      expect(process.env["CI"], "CI has to run this against a real server").not.toBe("true");
      context.skip("ECAP_TEST_POSTGRES_URL is not set");
    });
  });
} else {
  casesOnDatabase("PostgreSQL", async () => {
    const database = postgresDatabase({ connectionString });
    const owner = `fraud_cases_${randomUUID().slice(0, 8)}`;
    const db = await database.open<CaseTables>(owner, caseMigrations);
    return {
      db,
      async close() {
        await db.schema.dropSchema(owner).cascade().execute();
        await database.close();
      },
    };
  });
}
