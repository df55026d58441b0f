import { pgliteDatabase } from "@ecap/adapter-postgres";
import { type Committer, createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { memory } from "@ecap/sdk/memory";
import { eventually } from "@ecap/sdk/testing";
import { expect, test } from "vitest";
import { type CaseTables, caseMigrations } from "../../src/cases/case-tables.ts";
import { fraud, outcomes } from "../../src/index.ts";

test("a batch whose commit fails is taken again, and its alerts are there once", async () => {
  const adapters = memory();
  const database = pgliteDatabase();
  let failures = 0;
  const committer: Committer = {
    claim: (...place) => adapters.committer.claim(...place),
    async commit(commit) {
      if (commit.claim.topology === "fraud-cases" && failures < 3) {
        failures += 1;
        // After the cases were written, before the place in the log is.
        throw new Error("the process ended here");
      }
      await adapters.committer.commit(commit);
    },
  };
  const platform = await createPlatform({
    adapters: { ...adapters, committer, database },
    plugins: [commerce(), fraud({ model: "none", cases: { outcomes: [...outcomes] } })],
  });
  await platform.start();
  try {
    const service = platform.service(fraud);
    for (let i = 0; i < 20; i += 1)
      await service.assess({ id: `p-${i}`, amount: 10, cardId: `card-${i % 4}` });
    await service.flush();
    const db = await database.open<CaseTables>("fraud", caseMigrations);
    await eventually(
      async () => {
        expect(failures).toBe(3);
        const rows = await db.selectFrom("cases").select("alerts").execute();
        expect(rows).toEqual(Array.from({ length: 4 }, () => ({ alerts: 5 })));
      },
      { withinMs: 20_000 },
    );
    await platform.background?.drain();
    expect(await db.selectFrom("case_alerts").selectAll().execute()).toHaveLength(20);
  } finally {
    await platform.stop();
    await database.close();
  }
});
