import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fraud } from "../../src/index.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-rules-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const tenant = "default";
const day = 86_400_000;

test("live, shadow and backtest over the lake have one hash for each payment; chargebacks and labels are the frauds", async () => {
  const platform = await createPlatform({
    adapters: embedded({ dir }),
    plugins: [commerce(), fraud({ model: "none" })],
  });
  await platform.start();
  try {
    const service = platform.service(fraud);
    const { desk, backtest } = service;
    const rules = [
      {
        id: "large",
        when: 'payment.amount > 50 and card.country == "DE" and customer.id not in lists.allow',
        points: 90,
        code: "LARGE",
      },
      { id: "often", when: "customer.count_1h >= 3", points: 20, code: "OFTEN" },
    ];
    const { version } = await desk.propose(
      { tenant, by: "ann" },
      { document: { name: "mine", rules } },
    );
    const time = Date.now();
    const pay = (i: number) =>
      service.assess({
        id: `pay-${i}`,
        time,
        amount: 10 * i,
        currency: "EUR",
        customerId: `c${i % 4}`,
        cardId: `k${i}`,
        cardCountry: i % 2 === 0 ? "DE" : "FR",
        ip: "192.0.2.7",
      });
    await desk.move({ tenant, by: "ann" }, version, "shadow");
    const shadowed = [];
    for (let i = 0; i < 20; i += 1) shadowed.push(await pay(i));
    await desk.move({ tenant, by: "bob" }, version, "activate");
    const live = [];
    for (let i = 20; i < 40; i += 1) live.push(await pay(i));
    // On the list only after the payments: a backtest must not see it.
    await desk.addToList({ tenant, by: "ann" }, "allow", [{ value: "c0" }]);
    await service.flush();
    const known = { source: "test", tenant, time: time + day };
    await platform.emit({
      type: "chargeback.received",
      ...known,
      data: {
        chargeback_id: "cb",
        payment_id: "pay-38",
        order_id: "o",
        amount: "380.00",
        currency: "EUR",
      },
    });
    await platform.background?.drain();

    const report = await backtest({ tenant, version, from: time - day, to: time + day });
    expect(report).toMatchObject({
      candidate: "mine/1",
      active: "mine/1",
      rows: 40,
      frauds: 1,
      recorded: { compared: 40, equal: 40 },
    });
    const declined = [
      ...shadowed.map(({ shadows }) => shadows?.[0]?.outcome),
      ...live.map(({ outcome }) => outcome),
    ].filter((outcome) => outcome === "decline").length;
    expect(declined).toBeGreaterThan(5);
    expect(report.figures.byOutcome.decline.frauds + report.figures.byOutcome.decline.honest).toBe(
      declined,
    );
    expect(report.figures).toMatchObject({ stoppedFrauds: 1, saved: 380, recall: 1 });

    const draft = await backtest({
      tenant,
      document: { name: "mine", rules: rules.slice(1) },
      from: time - day,
      to: time + day,
    });
    expect(draft).toMatchObject({ candidate: "mine/draft", rows: 40, recorded: { compared: 0 } });
    expect(draft.changes[0]).toMatchObject({ active: "decline", candidate: "approve" });
    expect((await backtest({ tenant, from: 0, to: day })).rows).toBe(0);
  } finally {
    await platform.stop();
  }
}, 60_000);
