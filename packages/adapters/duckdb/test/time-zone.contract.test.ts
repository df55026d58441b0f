import { afterAll, beforeAll, expect, it } from "vitest";
import { type LakeFixture, lakeFixture } from "./lake-fixture.ts";

let lake: LakeFixture;
beforeAll(async () => {
  process.env["TZ"] = "America/New_York";
  lake = await lakeFixture();
});
afterAll(() => lake.close());

it("days begin at midnight in UTC, wherever the process runs", async () => {
  const sql =
    "SELECT CAST(CAST(TIMESTAMPTZ '2026-01-31T01:00:00Z' AS date) AS varchar) AS day, hour(TIMESTAMPTZ '2026-01-31T01:00:00Z') AS hour";
  const { rows } = await lake.engine.query({ sql, tenant: "acme", tables: {} });
  expect(rows).toEqual([{ day: "2026-01-31", hour: 1 }]);
});
