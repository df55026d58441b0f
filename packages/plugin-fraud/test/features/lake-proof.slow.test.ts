import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { manualClock } from "@ecap/sdk/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulatedPayments } from "../../scripts/simulated-payments.ts";
import type { Transaction } from "../../src/contract.ts";
import { fraud } from "../../src/index.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-features-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tenant = "default";
const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 5);
const days = 4;
const to = from + days * dayMs;

test("features of decisions made as payments and refunds came are those replayed from the lake, late and repeated ones among them", async () => {
  const clock = manualClock(from);
  const platform = await createPlatform({
    adapters: embedded({ dir, clock }),
    plugins: [commerce(), fraud({ model: "none" })],
  });
  await platform.start();
  try {
    const service = platform.service(fraud);
    let late = 0;
    let refunds = 0;
    const buyers: Transaction[] = [];
    const refundAndBuyAgain = async (payments: readonly Transaction[]): Promise<void> => {
      for (const { customerId } of payments) {
        clock.set(clock.now() + 1);
        refunds += 1;
        const reason = refunds % 2 === 0 ? "never arrived" : "did not fit";
        await platform.emit({
          type: "refund.created",
          tenant,
          actor: { customerId },
          data: { refund_id: `r-${refunds}`, reason },
        });
      }
      // Counted before the next payments come, as their records are older.
      await platform.drain();
      for (const payment of payments) {
        clock.set(clock.now() + 1);
        const again = { ...payment, id: `${payment.id}-again`, time: clock.now() };
        const { features } = await service.assess(again);
        expect(features["customer_refunds_90d"]).toBeGreaterThan(0);
      }
    };
    let count = 0;
    for (const { transaction, at } of simulatedPayments({
      seed: "lake",
      from,
      to,
      ordersPerDay: 60,
      openedAt: from - 200 * dayMs,
      faults: { late: 0.1, outOfOrder: 0.1, duplicate: 0.05 },
      fraud: { card_testing: 20, velocity_burst: 20 },
    })) {
      if (transaction.refund !== undefined) continue;
      // Each at an instant of its own, as the order of arrival within one is not recorded.
      clock.set(Math.max(at, clock.now() + 1));
      count += 1;
      if (at - transaction.time > 60_000) late += 1;
      await service.assess(transaction);
      if (transaction.customerId !== undefined) buyers.push(transaction);
      if (count % 100 === 0) await refundAndBuyAgain(buyers.splice(0).slice(-4));
    }
    expect(refunds).toBeGreaterThan(5);
    expect(late).toBeGreaterThan(10);
    await service.flush();
    await platform.drain();
    const proof = await service.features.prove({ tenant, from: from - dayMs, to: to + dayMs });
    expect(proof.examples).toEqual([]);
    expect(proof.compared).toBeGreaterThan(200);
    expect(proof.compared).toBeLessThan(count);
    const [registered] = await service.features.versions();
    expect(registered?.tested).toMatchObject({ compared: proof.compared, unequal: 0 });
  } finally {
    await platform.stop();
  }
}, 240_000);
