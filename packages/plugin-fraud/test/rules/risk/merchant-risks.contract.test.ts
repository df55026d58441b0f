import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fraud } from "../../../src/index.ts";
import { readRisks } from "../../../src/rules/risk/read-risks.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-risks-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tenant = "default";
const day = 86_400_000;

test("a merchant's risk follows from what became of its payments, and rules ask it", async () => {
  const platform = await createPlatform({
    adapters: embedded({ dir }),
    plugins: [commerce(), fraud({ model: "none" })],
  });
  await platform.start();
  try {
    const service = platform.service(fraud);
    const time = Date.now();
    const pay = (id: string, merchantId: string | undefined) =>
      service.assess({
        id,
        time,
        amount: 50,
        customerId: id,
        ...(merchantId !== undefined && { merchantId }),
        sellerId: "s",
      });
    const before = await pay("first", "bad");
    expect(before.features["merchant_risk"]).toBeUndefined();
    const many = Array.from({ length: 39 }, (_, i) => i);
    await Promise.all([
      ...many.map((i) => pay(`good-${i}`, "good")),
      ...many.map((i) => pay(`bad-${i}`, "bad")),
      // One that nobody asks about, but the log tells of.
      platform.emit({
        type: "payment.authorised",
        tenant,
        time,
        source: "test",
        actor: { customerId: "good-39" },
        data: { payment_id: "good-39", amount: "50", merchant_id: "good", seller_id: "s" },
      }),
      pay("nobody", undefined),
    ]);
    for (const i of many.slice(0, 20))
      await platform.emit({
        type: "label.recorded",
        tenant,
        time: time + 1,
        source: "test",
        data: { payment_id: `bad-${i}`, fraud: true, source: "bank" },
      });
    await service.flush();
    await platform.background?.drain();
    const period = { tenant, from: time - day, to: time + day };
    const { risks } = await readRisks(service.engine(), { ...period, by: "merchant", limit: 10 });
    expect(risks).toMatchObject([
      { id: "bad", payments: 40, frauds: 20, amount: 2_000, fraudAmount: 1_000 },
      { id: "good", payments: 40, frauds: 0 },
    ]);
    const [bad, good] = risks;
    expect(bad?.rate).toBeGreaterThan(0.4);
    expect(bad?.rate).toBeLessThan(0.5);
    expect(good?.rate).toBeLessThan(0.05);
    expect(good?.most).toBeLessThan(bad?.least ?? 0);

    await service.risks.workOut(service.engine(), tenant);
    const rules = [
      {
        id: "risky",
        when: "merchant.risk > 0.3",
        points: 60,
        code: "RISKY",
        detail: "{merchant.id}",
      },
      { id: "sold", when: "seller.risk > 0 and seller.id == 's'", points: 5, code: "SOLD" },
    ];
    const { version } = await service.desk.propose(
      { tenant, by: "ann" },
      { document: { name: "mine", rules } },
    );
    await service.desk.move({ tenant, by: "ann" }, version, "shadow");
    await service.desk.move({ tenant, by: "bob" }, version, "activate");
    const atBad = await pay("next-bad", "bad");
    expect(atBad).toMatchObject({ outcome: "review", score: 65 });
    expect(atBad.features["merchant_risk"]).toBeCloseTo(bad?.rate ?? 0, 2);
    expect((await pay("next-good", "good")).outcome).toBe("approve");
    const atNew = await pay("next-new", "new");
    expect(atNew.features["merchant_risk"]).toBeCloseTo(0.25, 1);
    expect((await pay("next-nobody", undefined)).features["merchant_risk"]).toBeUndefined();

    await service.flush();
    await platform.background?.drain();
    const report = await service.backtest({ ...period, version });
    expect(report.recorded).toEqual({ compared: 4, equal: 4 });
  } finally {
    await platform.stop();
  }
}, 180_000);
