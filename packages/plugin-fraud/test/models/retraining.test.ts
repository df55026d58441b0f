import { EcapError, type NewEvent, silentLogger } from "@ecap/sdk";
import { manualClock, memory } from "@ecap/sdk/memory";
import type { ModelContract, ModelDesk, Training, WatchReport } from "@ecap/sdk/models";
import { beforeEach, describe, expect, test } from "vitest";
import { createRetraining } from "../../src/models/retraining.ts";

const tenant = "t";
const ann = { tenant, by: "ann" };
const { signal } = new AbortController();
const contract: ModelContract = {
  name: "card",
  version: "1",
  features: [],
  golden: [],
  tolerance: 1e-5,
};
const drift = (psi: number, values = 5_000) => ({
  psi,
  threshold: 0.02,
  pValue: 1e-9,
  values,
  drifted: psi > 0.1,
});
const steady: WatchReport = { asked: 5_000, late: 0, failed: 0, score: drift(0.01), features: [] };
const drifted: WatchReport = {
  ...steady,
  score: drift(0.42),
  features: [
    { feature: "amount", ...drift(0.3) },
    { feature: "hour", ...drift(0.12) },
    { feature: "night", ...drift(0.5, 200) },
  ],
};

/** Models without a lake: what they are judged by is drift alone. */
describe("retraining", () => {
  const clock = manualClock(Date.UTC(2026, 4, 1));
  let report = steady;
  let champion = 3;
  let isLogDown = false;
  let isTraining = false;
  let events: NewEvent[] = [];
  let audited: string[] = [];
  let retraining = make();

  function make() {
    const { stateStore } = memory({ clock });
    const desk: Pick<ModelDesk, "useCase" | "head" | "version"> = {
      useCase: "fraud",
      head: async () => ({ champion }) as Awaited<ReturnType<ModelDesk["head"]>>,
      version: async (_, version) => {
        if (version === 0) throw new EcapError("ECAP_MODEL_NOT_FOUND", "none");
        return { contract } as Awaited<ReturnType<ModelDesk["version"]>>;
      },
    };
    return createRetraining({
      desk,
      monitor: { report: async () => report },
      trainings: {
        start: async () => {
          if (isTraining) throw new EcapError("ECAP_OVERLOADED", "trains already");
          return { id: "training-1" } as Training;
        },
      },
      learn: {
        model: (_, { name }) => ({ name, algorithm: "boosted", learn: () => Promise.reject() }),
      },
      stateStore,
      engine: () => undefined,
      emit: async (event) => {
        if (isLogDown) throw new EcapError("ECAP_OVERLOADED", "down");
        events.push(event);
        return event.id ?? "";
      },
      audit: async ({ actor, action }) => {
        audited.push(`${actor} ${action}`);
      },
      clock,
      logger: silentLogger,
    });
  }
  beforeEach(() => {
    report = steady;
    champion = 3;
    isLogDown = false;
    isTraining = false;
    events = [];
    audited = [];
    retraining = make();
  });
  const look = () => retraining.look(tenant, signal);
  const types = () => events.map(({ type }) => type);

  test("is proposed for a drift that is large, sure and of many values, and not for others", async () => {
    expect(await look()).toBe(false);
    report = drifted;
    expect(await look()).toBe(true);
    expect(await retraining.list(tenant)).toMatchObject([
      {
        model: "card/3",
        state: "open",
        evidence: [
          { kind: "score-drift", psi: 0.42, values: 5_000 },
          { kind: "feature-drift", feature: "amount", psi: 0.3 },
        ],
      },
    ]);
    expect(await look()).toBe(false);
    expect(events).toMatchObject([
      {
        type: "model.alert.raised",
        tenant,
        data: {
          kind: "score-drift",
          target: "card/3",
          observed: 0.42,
          limit: 0.2,
          message:
            "the stability index of scores is 0.42 over 5000 values; the stability index of amount is 0.30 over 5000 values",
        },
      },
    ]);
    expect(audited).toEqual(["policy model.proposal.raise"]);
  });

  test("what could not be told is told at the next look, once", async () => {
    report = drifted;
    isLogDown = true;
    await expect(look()).rejects.toMatchObject({ code: "ECAP_OVERLOADED" });
    expect(await retraining.list(tenant)).toHaveLength(1);
    isLogDown = false;
    expect(await look()).toBe(false);
    await look();
    expect(types()).toEqual(["model.alert.raised"]);
    expect(audited).toEqual(["policy model.proposal.raise"]);
  });

  test("is over when another model decides; where no model does there is nothing to propose", async () => {
    report = drifted;
    await look();
    report = steady;
    champion = 4;
    await look();
    expect(await retraining.list(tenant)).toMatchObject([{ state: "overtaken", version: 3 }]);
    expect(events[1]).toMatchObject({
      type: "model.alert.resolved",
      data: { reason: "overtaken", target: "card/3" },
    });
    champion = 0;
    expect(await look()).toBe(false);
  });

  test("is open again where the training could not begin", async () => {
    report = drifted;
    await look();
    const [{ id } = { id: "" }] = await retraining.list(tenant);
    const how = {
      period: { from: 0, to: 1 },
      chosen: { name: "m", algorithm: { kind: "boosted" } },
    } as const;
    isTraining = true;
    await expect(retraining.accept(ann, id, how)).rejects.toMatchObject({
      code: "ECAP_OVERLOADED",
    });
    expect(await retraining.list(tenant)).toMatchObject([{ state: "open" }]);
    isTraining = false;
    expect(await retraining.accept(ann, id, how)).toMatchObject({
      state: "accepted",
      training: "training-1",
      closedBy: "ann",
    });
    expect(types()).toEqual(["model.alert.raised", "model.alert.resolved"]);
    expect(audited.at(-1)).toBe("ann model.proposal.accept");
  });
});
