import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { createPlatform, type Platform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fraud } from "../src/index.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-fraud-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function withPlatform<T>(work: (platform: Platform) => Promise<T>): Promise<T> {
  const platform = await createPlatform({
    adapters: embedded({ dir }),
    plugins: [commerce(), fraud()],
  });
  await platform.start();
  try {
    return await work(platform);
  } finally {
    await platform.stop();
  }
}

test("each decision is in the lake once, also where it was made twice and after a restart", async () => {
  const time = Date.now();
  const payments = Array.from({ length: 30 }, (_, i) => ({
    id: `pay-${i}`,
    time,
    amount: 10 + i,
    customerId: `customer-${i % 3}`,
    cardId: `card-${i % 3}`,
  }));
  const outcomes = await withPlatform(async (platform) => {
    const service = platform.service(fraud);
    const decisions = await Promise.all(payments.map((payment) => service.assess(payment)));
    await service.flush();
    await platform.background?.drain();
    expect(decisions.every(({ modelScore }) => modelScore !== undefined)).toBe(true);
    return decisions.map(({ outcome }) => outcome);
  });
  await withPlatform(async (platform) => {
    const service = platform.service(fraud);
    for (const payment of payments) await service.assess(payment, { durability: "before" });
    await platform.background?.drain();
    const { rows } = await platform.port("queryEngine").query({
      sql: "select transaction_id, outcome from decisions",
      tenant: "default",
      tables: { decisions: {} },
    });
    const found = new Map(rows.map((row) => [row["transaction_id"], row["outcome"]]));
    expect(rows).toHaveLength(payments.length);
    expect(payments.map(({ id }) => found.get(id))).toEqual(outcomes);
  });
}, 60_000);
