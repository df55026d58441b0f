import { beforeEach, describe, expect, test } from "vitest";
import { manualClock, memory } from "../../src/memory/index.ts";
import { histogramOf, type ModelContractInput } from "../../src/models/index.ts";
import { described, type FakeModel, fakeRuntime } from "./fake-model.ts";
import { registryProcess } from "./registry-process.ts";

const ann = { tenant: "t", by: "ann" };
const bob = { tenant: "t", by: "bob" };
/** Stores in memory that are there for sure. */
function made<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not there");
  return value;
}

const never = (): Promise<number> => new Promise(() => {});
const even = histogramOf(Array.from({ length: 1_000 }, (_, i) => i / 1_000));
/** Of a model whose training scores were spread evenly. */
const histograms = {
  score: { edges: [...even.edges], counts: [...even.counts], missing: 0 },
  features: { a: { edges: [10], counts: [90, 10], missing: 0 } },
};
describe("the life of a model", () => {
  const clock = manualClock(Date.UTC(2026, 2, 3));
  const stores = () => {
    const { stateStore, objectStore } = memory({ clock });
    return { stateStore, objectStore: made(objectStore) };
  };
  let ports = stores();
  let runtime = fakeRuntime();
  let audited: string[] = [];
  let here = process();

  /** Another process of the deployment: the same stores, its own memory. */
  function process({ deadlineMs = 1_000 } = {}) {
    return registryProcess({ ports, runtime, clock, audited, deadlineMs });
  }
  const ask = (entity = "e") => here.server.ask({ tenant: "t", entity, features: { a: 1, b: 2 } });
  async function registered(
    score: FakeModel["score"],
    contract: Partial<ModelContractInput> = {},
    more: Partial<FakeModel> = {},
  ) {
    const bytes = runtime.add({
      description: described(contract),
      ...(score && { score }),
      ...more,
    });
    return (await here.desk.register(ann, { bytes })).version;
  }

  beforeEach(() => {
    ports = stores();
    runtime = fakeRuntime();
    audited = [];
    here = process();
  });

  test("one registers, it scores in shadow and as challenger, and somebody else promotes it", async () => {
    expect(await ask()).toMatchObject({ score: 0.1, model: "base/0" });
    const version = await registered(() => 0.8);
    expect(await here.desk.version("t", 1)).toMatchObject({
      state: "registered",
      registeredBy: "ann",
    });
    await expect(here.desk.move(bob, version, "promote")).rejects.toMatchObject({
      code: "ECAP_CONFLICT",
    });

    await here.desk.move(ann, version, "shadow");
    const shadowed = await ask();
    expect(shadowed).toMatchObject({ score: 0.1, model: "base/0" });
    expect(shadowed.opinions).toMatchObject([
      { model: "base/0", role: "champion", score: 0.1 },
      { model: "m/1", role: "shadow", score: 0.8 },
    ]);
    await here.desk.move(ann, version, "challenge");
    expect((await ask()).opinions[1]).toMatchObject({ role: "challenger" });
    await expect(here.desk.move(ann, version, "promote")).rejects.toMatchObject({
      code: "ECAP_FORBIDDEN",
    });
    const key = { tenant: "t", by: "key-1", madeBy: "ann" };
    await expect(here.desk.move(key, version, "promote")).rejects.toMatchObject({
      code: "ECAP_FORBIDDEN",
    });
    expect(await here.desk.move(bob, version, "promote")).toEqual({
      version: 1,
      state: "champion",
    });
    expect(await ask()).toMatchObject({ score: 0.8, model: "m/1" });

    await here.desk.move(ann, 0, "reinstate");
    expect(await ask()).toMatchObject({ score: 0.1 });
    await here.desk.move(ann, 1, "reinstate");
    expect(await ask()).toMatchObject({ score: 0.8 });
    expect(audited).toEqual([
      "ann model.register models/fraud/1",
      "ann model.shadow models/fraud/1",
      "ann model.challenge models/fraud/1",
      "bob model.promote models/fraud/1",
      "ann model.reinstate models/fraud/0",
      "ann model.reinstate models/fraud/1",
    ]);
    expect((await here.desk.head("t")).changes.map(({ action }) => action)[0]).toBe("reinstate");
  });

  test("another process sees it within a second, and lets go of what nobody needs", async () => {
    const other = process();
    expect(
      (await other.server.ask({ tenant: "t", entity: "e", features: { a: 1, b: 2 } })).score,
    ).toBe(0.1);
    const version = await registered(() => 0.8);
    await here.desk.move(ann, version, "shadow");
    await here.desk.move(bob, version, "promote");
    clock.advance(1_000);
    expect(
      (await other.server.ask({ tenant: "t", entity: "e", features: { a: 1, b: 2 } })).score,
    ).toBe(0.8);
    const second = await registered(() => 0.9);
    await here.desk.move(ann, second, "shadow");
    const before = runtime.closed.length;
    await here.desk.move(bob, second, "promote");
    await here.book.refresh("t");
    expect(runtime.closed.length).toBeGreaterThan(before);
    await other.book.close();
  });

  test("no question is dropped while models change", async () => {
    const versions = [await registered(() => 0.2), await registered(() => 0.3)];
    for (const version of versions) await here.desk.move(ann, version, "shadow");
    const answers: Promise<number | undefined>[] = [];
    const changing = new Set(["yes"]);
    const changes = (async () => {
      for (let round = 0; round < 10; round += 1) {
        await here.desk.move(
          bob,
          versions[round % 2] as number,
          round < 2 ? "promote" : "reinstate",
        );
        await new Promise((resolve) => setImmediate(resolve));
      }
      changing.clear();
    })();
    while (changing.size > 0) {
      answers.push(ask().then(({ score }) => score));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await changes;
    const scores = await Promise.all(answers);
    expect(scores.length).toBeGreaterThan(10);
    expect(scores.filter((score) => score === undefined)).toEqual([]);
  });

  test("a canary decides for the same entities each time, for about its share of them, for more of them when it grows", async () => {
    const version = await registered(() => 0.8);
    await here.desk.move(ann, version, "shadow");
    await expect(here.desk.move(ann, version, "canary", { share: 0.1 })).rejects.toMatchObject({
      code: "ECAP_FORBIDDEN",
    });
    await expect(here.desk.move(bob, version, "canary", { share: 1 })).rejects.toMatchObject({
      code: "ECAP_REQUEST_INVALID",
    });
    expect(await here.desk.move(bob, version, "canary", { share: 0.1 })).toMatchObject({
      state: "canary",
      share: 0.1,
    });
    const entities = Array.from({ length: 2_000 }, (_, i) => `customer-${i}`);
    const chosen = async () => {
      const answers = await Promise.all(entities.map(ask));
      return entities.filter((_, i) => answers[i]?.model === "m/1");
    };
    const tenth = await chosen();
    expect(tenth.length).toBeGreaterThan(140);
    expect(tenth.length).toBeLessThan(260);
    expect(await chosen()).toEqual(tenth);
    await here.desk.move(bob, version, "canary", { share: 0.3 });
    const more = await chosen();
    expect(more.length).toBeGreaterThan(500);
    expect(tenth.filter((entity) => !more.includes(entity))).toEqual([]);
    const [first = ""] = tenth;
    expect((await ask(first)).opinions.map(({ role }) => role)).toEqual(["canary", "champion"]);
  });

  test("tenants have models of their own", async () => {
    const version = await registered(() => 0.8);
    await here.desk.move(ann, version, "shadow");
    await here.desk.move(bob, version, "promote");
    expect(
      await here.server.ask({ tenant: "u", entity: "e", features: { a: 1, b: 2 } }),
    ).toMatchObject({
      model: "base/0",
    });
    await expect(here.desk.version("u", 1)).rejects.toMatchObject({ code: "ECAP_MODEL_NOT_FOUND" });
  });

  test("keeps the file as it came, and refuses one that changed", async () => {
    const version = await registered(() => 0.8);
    const { sha256 } = await here.desk.version("t", version);
    expect(await here.desk.bytes("t", version)).toEqual(Uint8Array.of(1));
    await ports.objectStore.put(`models/t/fraud/${sha256}.onnx`, Uint8Array.of(9));
    await expect(here.desk.bytes("t", version)).rejects.toMatchObject({
      code: "ECAP_STORAGE_CORRUPT",
    });
    expect(await here.store.version("t", 2)).toBeUndefined();
  });

  test("a model that fails is taken away, and the one before decides again", async () => {
    let fails = false;
    const version = await registered(() => {
      if (fails) throw new Error("out of order");
      return 0.8;
    });
    await here.desk.move(ann, version, "shadow");
    await here.desk.move(bob, version, "promote");
    fails = true;
    const answers = [];
    for (let i = 0; i < 40; i += 1) answers.push(await ask());
    expect(answers[0]).toMatchObject({
      degraded: "out of order",
      opinions: [{ failure: "out of order" }],
    });
    expect(answers[0]?.score).toBeUndefined();
    await expect.poll(ask).toMatchObject({ model: "base/0", score: 0.1 });
    const [change] = (await here.desk.head("t")).changes;
    expect(change).toMatchObject({
      action: "rollback",
      by: "policy",
      version: 1,
      why: expect.stringContaining("out of order"),
    });
    await expect(here.desk.move(ann, version, "reinstate")).rejects.toMatchObject({
      code: "ECAP_CONFLICT",
    });
  });

  test("one whose scores are far from those of its training is taken away; a challenger that fails is, too", async () => {
    const version = await registered(() => 0.99, { histograms });
    const bad = await registered(() => {
      throw new Error("no");
    });
    await here.desk.move(ann, version, "shadow");
    await here.desk.move(bob, version, "promote");
    await here.desk.move(ann, bad, "challenge");
    for (let i = 0; i < 2_000; i += 1) await ask();
    await expect.poll(async () => (await here.desk.head("t")).champion).toBe(0);
    expect((await here.desk.version("t", bad)).state).toBe("retired");
    const why = (await here.desk.head("t")).changes.map((change) => change.why ?? "");
    expect(why.some((text) => text.includes("stability index"))).toBe(true);
  });

  test("a model that answers too late leaves the score out, and says so; a late shadow does not", async () => {
    here = process({ deadlineMs: 20 });
    const silent = await registered(never);
    await here.desk.move(ann, silent, "shadow");
    const beside = await ask();
    expect(beside).toMatchObject({ score: 0.1, opinions: [{ score: 0.1 }, { late: true }] });
    expect(beside.degraded).toBeUndefined();
    await here.desk.move(bob, silent, "promote");
    expect(await ask()).toMatchObject({
      degraded: "the model took longer than 20 ms",
      opinions: [{ model: "m/1", late: true }],
    });
  });

  test("what all processes saw of a model is added up, and compared with its training", async () => {
    const version = await registered(([a = 0]) => (a % 10) / 10 + 0.05, { histograms });
    await here.desk.move(ann, version, "challenge");
    const other = process();
    for (let i = 0; i < 300; i += 1) {
      const features = { a: i, b: 2 };
      for (const { server } of [here, other])
        await server.ask({ tenant: "t", entity: "e", features });
    }
    await other.server.ask({ tenant: "t", entity: "e", features: { b: 2 } });
    await other.monitor.close();
    const { contract } = await here.desk.version("t", version);
    const now = clock.now();
    const period = { tenant: "t", version, contract };
    const report = await here.monitor.report({ ...period, from: now, to: now + 1 });
    expect(report).toMatchObject({
      asked: 601,
      late: 0,
      failed: 1,
      score: { values: 600, drifted: false },
    });
    expect(report.coverage).toBeCloseTo(600 / 601, 9);
    expect(report.features).toMatchObject([{ feature: "a", values: 601, drifted: true }]);
    expect(report.latencyMs?.p50).toBeGreaterThan(0);
    expect(here.monitor.answers("m/1")).toEqual({ scored: 300, late: 0, failed: 0 });
    const later = await here.monitor.report({ ...period, from: now + 7_200_000, to: now + 9e6 });
    expect(later).toMatchObject({ asked: 0, features: [{ drifted: false }] });
    expect(later.coverage).toBeUndefined();
  });

  test("one in a thread of its own that is late is taken away; one on the calling thread is not to blame", async () => {
    here = process({ deadlineMs: 5 });
    const [apart, inline] = [
      await registered(never, {}, { apart: true }),
      await registered(never, {}, { apart: false }),
    ];
    await here.desk.move(ann, apart, "shadow");
    await here.desk.move(ann, inline, "challenge");
    await Promise.all(Array.from({ length: 12 }, () => ask()));
    await expect.poll(async () => (await here.desk.version("t", apart)).state).toBe("retired");
    expect((await here.desk.version("t", inline)).state).toBe("challenger");
  });

  test("a policy promotes a challenger, and no other", async () => {
    const version = await registered(() => 0.8);
    await here.desk.setPolicy(ann, { labels: 100, frauds: 10, gain: 0.01 });
    await expect(here.desk.promoteByPolicy("t", version, "better")).rejects.toMatchObject({
      code: "ECAP_CONFLICT",
    });
    await here.desk.move(ann, version, "challenge");
    await here.desk.promoteByPolicy("t", version, "better");
    expect((await here.desk.head("t")).changes[0]).toMatchObject({ by: "policy", why: "better" });
    expect((await ask()).score).toBe(0.8);
  });
});
