import { databaseContract } from "@ecap/sdk/testing";
import { describe, expect, it } from "vitest";
import { postgresDatabase } from "../src/index.ts";

const connectionString = process.env["ECAP_TEST_POSTGRES_URL"];

if (connectionString === undefined) {
  describe("Database: postgres", () => {
    it("needs ECAP_TEST_POSTGRES_URL", (context) => {
      expect(process.env["CI"], "CI has to run this against a real server").not.toBe("true");
      context.skip("ECAP_TEST_POSTGRES_URL is not set");
    });
  });
} else {
  const subject = () => {
    const database = postgresDatabase({ connectionString });
    return {
      database,
      again: async () => subject(),
      async reopen() {
        await database.close();
        return subject();
      },
      close: () => database.close(),
    };
  };
  databaseContract("postgres", async () => subject());
}
