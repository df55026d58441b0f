import { setTimeout as sleep } from "node:timers/promises";
import { createPlatform, type LoadedModel, type LogRecord, type Platform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { isWindowFeature } from "@ecap/sdk/features";
import { manualClock, memory } from "@ecap/sdk/memory";
import { contractMetadata } from "@ecap/sdk/models";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type FraudService,
  featureNames,
  fraud,
  fraudFeatures,
  steadyFeatureNames,
  type Transaction,
} from "../src/index.ts";

const now = Date.UTC(2026, 2, 3, 12);
const payment = (id: string, more: Partial<Transaction> = {}): Transaction => ({
  id,
  time: now,
  amount: 20,
  currency: "EUR",
  customerId: "ann",
  cardId: "card-1",
  deviceId: "device-1",
  ip: "192.0.2.1",
  country: "DE",
  cardCountry: "DE",
  ...more,
});

/** A model whose answer the test gives. */
function modelOf(score: LoadedModel["score"], features: readonly string[] = steadyFeatureNames) {
  return {
    load: async (): Promise<LoadedModel> => ({
      description: {
        inputs: [{ name: "features", type: "float32", shape: ["N", features.length] }],
        outputs: [],
        metadata: contractMetadata({ name: "test", features: [...features] }),
        producer: "test",
        opsets: {},
        labels: undefined,
      },
      score,
      scoreBatch: async () => [],
      close: async () => {},
    }),
  };
}

/** Features that include the payment itself. Those of what was before it cannot leave it out again once it was counted. */
function counted(features: unknown): Readonly<Record<string, unknown>> {
  const names = fraudFeatures.features
    .filter(isWindowFeature)
    .filter(({ includes }) => includes !== "before");
  const values = features as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map(({ name }) => [name, values[name]]));
}

const certain = async () => ({ label: 1, scores: [0.1, 0.9] });
const slowly = async () => {
  await sleep(30);
  return certain();
};

describe("assess", () => {
  let platform: Platform;
  let service: FraudService;
  const clock = manualClock(now);

  async function open(
    options: Parameters<typeof fraud>[0],
    model: ReturnType<typeof modelOf> | undefined,
  ): Promise<void> {
    const models = model === undefined ? [] : [{ name: "models", modelRuntime: model }];
    platform = await createPlatform({
      adapters: [memory({ clock }), ...models],
      plugins: [commerce(), fraud(options)],
    });
    await platform.start();
    service = platform.service(fraud);
  }

  /** Every record of the topic, as events. */
  async function eventsOf(topic: string) {
    const log = platform.port("eventLog");
    const records: LogRecord[] = [];
    for (const { partition } of await log.offsets(topic))
      records.push(...(await log.read(topic, partition, 0)));
    return records.map((record) => platform.decode(record));
  }

  beforeEach(() => clock.set(now));
  afterEach(() => platform.stop());

  test("an ordinary payment is approved, by rules and model alike", async () => {
    await open(
      { model: new Uint8Array(1) },
      modelOf(async () => ({ label: 0, scores: [1, 0] })),
    );
    const decision = await service.assess(payment("p"));
    expect(decision).toMatchObject({ outcome: "approve", score: 0, reasons: [], modelScore: 0 });
    expect(featureNames).toEqual(expect.arrayContaining(Object.keys(decision.features)));
    expect(Object.keys(decision.features)).toEqual(expect.arrayContaining([...steadyFeatureNames]));
  });

  test("a probable fraud gets the model's points and its reason", async () => {
    await open({ model: new Uint8Array(1), modelPoints: 60 }, modelOf(certain));
    const decision = await service.assess(payment("p"));
    expect(decision).toMatchObject({ outcome: "review", score: 59, modelScore: 0.9 });
    expect(decision.reasons).toEqual([
      {
        rule: "model-score",
        code: "MODEL_SCORE",
        points: 59,
        detail: "the model gives fraud a probability of 90 %",
      },
    ]);
    expect(decision.versions.model).toBe("test/0");
  });

  test("a decision and its record say what each stage took", async () => {
    await open({ model: new Uint8Array(1) }, modelOf(slowly));
    const { latencyMs, stages } = await service.assess(payment("p"), { durability: "before" });
    const { featuresMs, modelsMs, rulesMs } = stages;
    // A timer may be a moment early by the other clock.
    expect(modelsMs).toBeGreaterThan(28);
    expect(Math.min(featuresMs, rulesMs)).toBeGreaterThan(0);
    expect(featuresMs + modelsMs + rulesMs).toBeCloseTo(latencyMs, 2);
    const [record] = await eventsOf("fraud-decisions");
    expect(record?.data).toMatchObject({
      latency_ms: latencyMs,
      features_ms: featuresMs,
      models_ms: modelsMs,
      rules_ms: rulesMs,
    });
  });

  test("the same payment twice counts once and is one decision", async () => {
    await open({ model: "none" }, undefined);
    const first = await service.assess(payment("p"));
    const second = await service.assess(payment("p"));
    expect(counted(second.features)).toEqual(counted(first.features));
    expect(second.id).toBe(first.id);
    const third = await service.assess(payment("q"));
    expect(third.features["card_count_10m"]).toBe(2);
  });

  test("a payment assessed and then met in the log counts once and has one decision id", async () => {
    await open({ model: "none" }, undefined);
    const decision = await service.assess(payment("pay-1"), { durability: "before" });
    await platform.port("eventLog").append("transactions", [
      {
        key: "ann",
        timestamp: now,
        value: new TextEncoder().encode(
          JSON.stringify({
            id: "event-1",
            type: "payment.authorised",
            time: new Date(now).toISOString(),
            actor: { customerId: "ann", deviceId: "device-1" },
            context: { ip: "192.0.2.1", geo: { country: "DE" } },
            data: {
              payment_id: "pay-1",
              order_id: "o",
              amount: 20,
              currency: "EUR",
              card_id: "card-1",
              card_country: "DE",
            },
          }),
        ),
      },
    ]);
    await platform.background?.drain();
    const made = await eventsOf("fraud-decisions");
    expect(new Set(made.map((event) => event?.id))).toEqual(new Set([decision.id]));
    for (const event of made)
      expect(counted(event?.data["features"])).toEqual(counted(decision.features));
    expect((await service.assess(payment("pay-2"))).features["card_count_10m"]).toBe(2);
  });

  test.each([
    ["refund.created", "ITEM_NOT_RECEIVED", 1],
    ["order.refunded", "it never arrived", 1],
    ["refund.created", "not as described", 0],
    ["refund.created", undefined, 0],
  ])(
    "a %s because of %s counts once for its customer, and is no payment",
    async (type, reason, claims) => {
      await open({ model: "none" }, undefined);
      await service.assess(payment("before"));
      const data = { refund_id: "r", order_id: "o", currency: "EUR", total: "20.00", reason };
      for (const id of ["event-1", "event-2"])
        await platform.emit({
          id,
          type,
          tenant: "default",
          actor: { customerId: "ann" },
          data: Object.fromEntries(Object.entries(data).filter(([, value]) => value)),
        });
      await platform.background?.drain();
      const { features } = await service.assess(payment("after"));
      expect(features).toMatchObject({
        customer_refunds_90d: 1,
        customer_claims_90d: claims,
        customer_count_1h: 2,
        customer_count_30d: 1,
        customer_amount_30d: 20,
        customer_paid_90d: 1,
      });
      expect(await eventsOf("fraud-decisions")).toHaveLength(2);
    },
  );

  test("failed payments of the log count for velocity and take nothing from the cap on declines", async () => {
    await open({ model: "none" }, undefined);
    const { desk } = platform.service(fraud);
    const rules = [{ id: "all", when: "payment.amount > 0", points: 90, code: "ALL" }];
    const draft = { document: { name: "mine", maxDeclinesPerMinute: 2, rules } };
    const { version } = await desk.propose({ tenant: "default", by: "ann" }, draft);
    await desk.move({ tenant: "default", by: "ann" }, version, "shadow");
    await desk.move({ tenant: "default", by: "bob" }, version, "activate");
    const failed = Array.from({ length: 4 }, (_, i) => ({
      key: "ann",
      timestamp: now,
      value: new TextEncoder().encode(
        JSON.stringify({
          id: `failed-${i}`,
          tenant: "default",
          type: "payment.failed",
          time: new Date(now).toISOString(),
          actor: { customerId: "ann" },
          context: {},
          data: { payment_id: `failed-${i}`, amount: 20, currency: "EUR", card_id: "card-1" },
        }),
      ),
    }));
    await platform.port("eventLog").append("transactions", failed);
    await platform.background?.drain();
    const decisions = [];
    for (let i = 0; i < 3; i += 1) decisions.push(await service.assess(payment(`p${i}`)));
    expect(decisions.map(({ outcome }) => outcome)).toEqual(["decline", "decline", "review"]);
    expect(decisions[0]?.features["card_failed_1h"]).toBe(4);
    await service.flush();
    const told = (await eventsOf("fraud-alerts")).filter(
      (event) => event?.type === "fraud.rules.capped",
    );
    expect(told).toMatchObject([{ data: { transaction_id: "p2" } }]);
  });

  test("payments under way at one time see each other", async () => {
    await open({ model: "none" }, undefined);
    const decisions = await Promise.all(
      Array.from({ length: 20 }, (_, i) => service.assess(payment(`p${i}`))),
    );
    const counts = decisions.map(({ features }) => features["card_count_10m"]);
    expect(counts.toSorted((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(decisions.filter(({ outcome }) => outcome !== "approve").length).toBe(15);
  });

  test("tenants do not count for each other", async () => {
    await open({ model: "none" }, undefined);
    for (let i = 0; i < 5; i += 1) await service.assess(payment(`a${i}`, { tenant: "a" }));
    const other = await service.assess(payment("b0", { tenant: "b" }));
    expect(other.features["card_count_10m"]).toBe(1);
  });

  test.each([
    ["fails", async () => Promise.reject(new Error("out of order")), "out of order"],
    ["hangs", () => new Promise<never>(() => {}), "the model took longer than 20 ms"],
    ["gives no number", async () => ({ label: 1, scores: [Number.NaN] }), "no score"],
  ] as const)(
    "a model that %s leaves the decision to the rules, which says so",
    async (_, score, why) => {
      await open({ model: new Uint8Array(1), modelTimeoutMs: 20 }, modelOf(score));
      const guest = { customerId: undefined };
      for (let i = 0; i < 5; i += 1) await service.assess(payment(`p${i}`, guest));
      const decision = await service.assess(payment("last", guest));
      expect(decision.degraded).toContain(why);
      expect(decision.modelScore).toBeUndefined();
      expect(decision.reasons.map(({ code }) => code)).toEqual(["CARD_VELOCITY"]);
      expect(decision.outcome).toBe("challenge");
    },
  );

  test("without a model runtime the rules decide and nothing is said to be amiss", async () => {
    await open(undefined, undefined);
    expect(await service.assess(payment("p"))).toMatchObject({ outcome: "approve" });
    expect((await service.assess(payment("q"))).degraded).toBeUndefined();
  });

  test("what is to be durable before is in the log when it resolves; a review raises an alert", async () => {
    await open({ model: new Uint8Array(1) }, modelOf(certain));
    await service.assess(payment("p"), { durability: "before" });
    expect(await eventsOf("fraud-decisions")).toMatchObject([
      {
        id: "fraud-decision/p",
        type: "fraud.decision.made",
        actor: { customerId: "ann" },
        data: { outcome: "review", model_score: 0.9, transaction_id: "p" },
      },
    ]);
    expect(await eventsOf("fraud-alerts")).toMatchObject([{ id: "fraud-alert/p" }]);
  });

  test("flush waits for every record", async () => {
    await open({ model: "none" }, undefined);
    await Promise.all(Array.from({ length: 50 }, (_, i) => service.assess(payment(`p${i}`))));
    await service.flush();
    expect(await eventsOf("fraud-decisions")).toHaveLength(50);
  });
});

describe("what is refused", () => {
  test("a model that asks for features the plugin has not stops the start, naming them", async () => {
    const model = modelOf(certain, ["amount", "phase_of_the_moon"]);
    const platform = await createPlatform({
      adapters: [memory(), { name: "models", modelRuntime: model }],
      plugins: [commerce(), fraud({ model: new Uint8Array(1) })],
    });
    await expect(platform.start()).rejects.toThrow("phase_of_the_moon");
    await platform.stop();
  });

  test.each([
    [{ thresholds: { challenge: 60, review: 50, decline: 80 } }, "thresholds"],
    [{ modelPoints: 101 }, "modelPoints"],
    [{ modelTimeoutMs: 0 }, "modelTimeoutMs"],
    [{ model: "mine" }, "model"],
    [{ threshold: 1 }, "threshold"],
  ])("the options %j, naming %s", async (options, name) => {
    const given = options as Parameters<typeof fraud>[0];
    await expect(
      (async () => createPlatform({ adapters: memory(), plugins: [commerce(), fraud(given)] }))(),
    ).rejects.toMatchObject({ message: expect.stringContaining(name) as string });
  });
});
