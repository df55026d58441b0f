import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { createPlatform, type Platform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Decision } from "../src/contract.ts";
import { scorerOf } from "../src/decision-counterfactuals.ts";
import { explainDecision } from "../src/decision-explanation.ts";
import { evaluate, type FraudRuntime, factsFrom, fraud } from "../src/index.ts";
import { fields } from "../src/rules/fields.ts";

const tenant = "default";
const now = Date.now();

describe("why a payment was not approved", () => {
  let dir: string;
  let platform: Platform;
  let service: FraudRuntime;
  let stopped: Decision;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-why-"));
    platform = await createPlatform({
      adapters: embedded({ dir }),
      // Decisions with the model, however busy the machine is.
      plugins: [commerce(), fraud({ modelTimeoutMs: 10_000 })],
    });
    await platform.start();
    service = platform.service(fraud);
    await service.assess({
      id: "plain",
      amount: 20,
      cardId: "k",
      country: "DE",
      cardCountry: "DE",
    });
    for (let i = 0; i < 12; i += 1) stopped = await pay(i, i === 11);
    await service.flush();
    await platform.background?.drain();
  }, 60_000);
  afterAll(async () => {
    await platform?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** Cards of many countries, tried from one device. */
  const pay = (i: number, explain: boolean) =>
    service.assess(
      {
        id: `pay-${i}`,
        time: now + i * 1_000,
        amount: 900,
        currency: "EUR",
        cardId: `card-${i % 6}`,
        deviceId: "d",
        ip: "192.0.2.1",
        country: "DE",
        cardCountry: i % 2 === 0 ? "US" : "BR",
      },
      { explain },
    );
  const explained = (transactionId: string) =>
    explainDecision(
      { tenant, transactionId },
      {
        engine: service.engine(),
        rules: service.rules,
        models: service.models,
        thresholds: service.decideOptions.thresholds,
      },
    );

  test("every counterfactual is approved by the same rules and the same model", async () => {
    expect(stopped.outcome).not.toBe("approve");
    expect(stopped.counterfactuals?.length).toBeGreaterThan(0);
    const scorer = await scorerOf(service.models, tenant, stopped.versions.model ?? "");
    const { active } = await service.rules.inForce(tenant);
    for (const { changes, score, modelScore } of stopped.counterfactuals ?? []) {
      const features: Record<string, number> = { ...stopped.features };
      const without: string[] = [];
      for (const change of changes)
        if ("rule" in change) without.push(change.rule);
        else {
          const field = fields.find(({ name }) => name === change.field);
          const key = field?.of === "features" ? field.key : "amount";
          expect(features[key]).toBe(change.from);
          features[key] = change.to;
        }
      const again = await scorer?.score(features);
      expect(again).toBeCloseTo(modelScore ?? Number.NaN, 6);
      const facts = factsFrom({
        facts: { ...stopped.facts, "payment.amount": features["amount"], "model.score": again },
        features,
        decidedAt: stopped.decidedAt,
      });
      const { thresholds } = service.decideOptions;
      const silenced = (rule: string) => without.includes(rule);
      expect(evaluate(active, facts, { thresholds, silenced })).toMatchObject({
        outcome: "approve",
        score,
      });
    }
  });

  test("is told of the record as it was told when it was made", async () => {
    const again = await explained(stopped.transactionId);
    expect(again).toMatchObject({ outcome: stopped.outcome, replayed: true });
    expect(again.counterfactuals).toEqual(stopped.counterfactuals);
    expect(again.explanation).toEqual(stopped.explanation);
    const { rows } = await platform.port("queryEngine").query({
      sql: "select counterfactuals from decisions where transaction_id = 'pay-11'",
      tenant,
      tables: { decisions: {} },
    });
    expect(JSON.parse((rows[0]?.["counterfactuals"] ?? "null") as string)).toEqual(
      stopped.counterfactuals,
    );
  });

  test("is worked out where it was not asked for then, by the rules of then", async () => {
    const before = await explained("pay-10");
    const rules = [{ id: "all", when: "payment.amount > 0", outcome: "decline", code: "ALL" }];
    const { version } = await service.desk.propose(
      { tenant, by: "ann" },
      { document: { name: "mine", rules } },
    );
    await service.desk.move({ tenant, by: "ann" }, version, "shadow");
    await service.desk.move({ tenant, by: "bob" }, version, "activate");
    expect(await explained("pay-10")).toEqual(before);
    expect(before.explanation).toMatchObject({ model: "fraud-baseline/0" });
    const approved = await explained("plain");
    expect(approved).toMatchObject({ outcome: "approve", counterfactuals: [] });
  });

  test("is not told of a payment that nobody decided on", async () => {
    await expect(explained("pay-99")).rejects.toMatchObject({ code: "ECAP_NOT_FOUND" });
  });
});
