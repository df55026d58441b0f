import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { manualClock, memory } from "../../src/memory/index.ts";
import {
  combine,
  createScorer,
  type EnsembleDocument,
  learnEnsemble,
  type ModelContractInput,
} from "../../src/models/index.ts";
import { areaUnderCurve } from "../../src/training/index.ts";
import { described, type FakeModel, fakeRuntime } from "./fake-model.ts";
import { registryProcess } from "./registry-process.ts";

const ann = { tenant: "t", by: "ann" };
const bob = { tenant: "t", by: "bob" };
const features = { a: 0.2, b: 0.6 };
const first = ([a = 0]: readonly number[]): number => a;
const second = ([, b = 0]: readonly number[]): number => b;
const never = (): Promise<number> => new Promise(() => {});

describe("an ensemble of registered models", () => {
  const clock = manualClock(Date.UTC(2026, 2, 3));
  let runtime = fakeRuntime();
  let here = process();

  function process({ deadlineMs = 1_000 } = {}) {
    const { stateStore, objectStore } = memory({ clock });
    if (objectStore === undefined) throw new Error("no objects in memory");
    const ports = { stateStore, objectStore };
    return registryProcess({ ports, runtime, clock, audited: [], deadlineMs });
  }
  beforeEach(() => {
    runtime = fakeRuntime();
    here = process();
  });

  const ask = () => here.server.ask({ tenant: "t", entity: "e", features });
  async function member(
    name: string,
    model: Omit<FakeModel, "description">,
    contract: Partial<ModelContractInput> = {},
  ): Promise<string> {
    const bytes = runtime.add({ description: described({ name, ...contract }), ...model });
    const { version } = await here.desk.register(ann, { bytes });
    return `${name}/${version}`;
  }
  /** A model that learned from January. */
  async function learner(name: string, score: (row: readonly number[]) => number) {
    const training = { from: "2026-01-01", to: "2026-02-01" };
    const bytes = runtime.add({ description: described({ name, training }), score });
    return { label: `${name}/1`, scorer: await createScorer(runtime, bytes, ["a", "b"]) };
  }
  async function ensembleOf(members: readonly string[], more: Partial<EnsembleDocument> = {}) {
    const ensemble = {
      name: "both",
      members: [...members],
      combination: { kind: "weighted", weights: members.map((_, i) => i + 1) },
      ...more,
    };
    return here.desk.register(ann, { ensemble });
  }
  async function deciding(members: readonly string[], more: Partial<EnsembleDocument> = {}) {
    const { version } = await ensembleOf(members, more);
    await here.desk.move(ann, version, "challenge");
    await here.desk.move(bob, version, "promote");
    return version;
  }

  test("lives as any model: it challenges, somebody else promotes it, and its members are in the answer", async () => {
    const members = [await member("one", { score: first }), await member("two", { score: second })];
    const golden = [{ input: [0.3, 0.9], score: (0.3 + 2 * 0.9) / 3 }];
    const made = await ensembleOf(members, { golden });
    expect(made).toMatchObject({
      state: "registered",
      ensemble: { members, quorum: 0.5 },
      contract: { name: "both", features: [{ name: "a" }, { name: "b" }] },
      golden: { rows: 1 },
    });
    const { version } = made;
    await here.desk.move(ann, version, "challenge");
    await expect(here.desk.move(ann, version, "promote")).rejects.toMatchObject({
      code: "ECAP_FORBIDDEN",
    });
    expect(await ask()).toMatchObject({
      model: "base/0",
      opinions: [{}, { model: `both/${version}`, role: "challenger" }],
    });
    await here.desk.move(bob, version, "promote");
    const answer = await ask();
    expect(answer.score).toBeCloseTo((0.2 + 2 * 0.6) / 3, 12);
    expect(answer.degraded).toBeUndefined();
    expect(answer.opinions).toMatchObject([
      {
        model: `both/${version}`,
        role: "champion",
        members: [
          { model: "one/1", score: 0.2 },
          { model: "two/2", score: 0.6 },
        ],
      },
    ]);
    const document = JSON.parse(new TextDecoder().decode(await here.desk.bytes("t", version)));
    expect(document).toMatchObject({ members, golden });
    await here.desk.move(ann, 0, "reinstate");
    expect(await ask()).toMatchObject({ model: "base/0" });
  });

  test("a member that has a role of its own is loaded and asked once", async () => {
    let asked = 0;
    const counted: FakeModel["score"] = ([a = 0]) => {
      asked += 1;
      return a;
    };
    const members = [await member("one", { score: counted }), "base/0"];
    await deciding(members);
    await here.desk.move(ann, 1, "challenge");
    asked = 0;
    const { opinions } = await ask();
    expect(opinions.map(({ role }) => role)).toEqual(["champion", "challenger"]);
    expect(opinions[0]?.members?.[1]).toMatchObject({ model: "base/0", score: 0.1 });
    expect(asked).toBe(1);
  });

  test("goes on without a member that fails or is late where the others are its quorum, and says so", async () => {
    here = process({ deadlineMs: 20 });
    let fails = false;
    const members = [
      await member("one", {
        score: ([a = 0]) => {
          if (fails) throw new Error("out of order");
          return a;
        },
      }),
      await member("two", { score: second }),
    ];
    const version = await deciding(members);
    fails = true;
    const partial = await ask();
    expect(partial).toMatchObject({
      score: 0.6,
      model: `both/${version}`,
      degraded: `both/${version} scored without one/1 (out of order)`,
      opinions: [{ members: [{ failure: "out of order" }, { score: 0.6 }] }],
    });

    const slow = [await member("slow", { score: never }), await member("fast", { score: second })];
    const late = await deciding(slow, { name: "late" });
    expect(await ask()).toMatchObject({
      score: 0.6,
      degraded: `late/${late} scored without slow/4 (late)`,
    });
  });

  test("has no score where those that answered are less than its quorum; a late member of a challenger makes it late", async () => {
    here = process({ deadlineMs: 80 });
    const members = [
      await member("one", { score: first }),
      await member("two", {
        score: () => {
          throw new Error("out of order");
        },
      }),
    ];
    const version = await deciding(members);
    const answer = await ask();
    expect(answer.score).toBeUndefined();
    expect(answer.degraded).toBe("too few members answered: two/2 (out of order)");
    await here.desk.move(ann, 0, "reinstate");

    const slow = [await member("fast", { score: first }), await member("slow", { score: never })];
    const challenger = await ensembleOf(slow, { name: "late", quorum: 0 });
    await here.desk.move(ann, challenger.version, "challenge");
    const { opinions } = await ask();
    expect(opinions[1]).toMatchObject({ late: true, members: [{ score: 0.2 }, { late: true }] });
    expect(opinions[1]?.score).toBeUndefined();
    expect(version).toBe(3);
  });

  test("one whose member fails is taken away, for it is not what was approved", async () => {
    let fails = false;
    const members = [
      await member("one", {
        score: ([a = 0]) => {
          if (fails) throw new Error("out of order");
          return a;
        },
      }),
      await member("two", { score: second }),
    ];
    await deciding(members);
    fails = true;
    for (let i = 0; i < 11; i += 1) await ask();
    await expect.poll(ask).toMatchObject({ model: "base/0" });
    expect((await here.desk.head("t")).changes[0]).toMatchObject({ action: "rollback" });
  });

  test("is refused with the reason", async () => {
    const one = await member("one", { score: first });
    const two = await member("two", { score: second });
    const both = await ensembleOf([one, two]);
    const refused = (more: object) =>
      here.desk
        .validate("t", {
          ensemble: {
            name: "bad",
            members: [one, two],
            combination: { kind: "weighted", weights: [1, 1] },
            ...more,
          },
        })
        .then(
          () => "taken",
          (error: unknown) => (error as Error).message,
        );
    expect(await refused({})).toBe("taken");
    expect(await refused({ members: [one, "two/9"] })).toContain('no model "two/9"');
    expect(await refused({ members: [one, "one/2"] })).toContain('no model "one/2"');
    expect(await refused({ members: [one, `both/${both.version}`] })).toContain("is an ensemble");
    expect(await refused({ members: [one, one] })).toContain("each once");
    expect(await refused({ members: [one] })).toContain("1 members and 2 weights");
    expect(
      await refused({ combination: { kind: "stacked", weights: [-1, 2], intercept: 0 } }),
    ).toContain("weights");
    expect(await refused({ features: ["a"] })).toContain('"b" is missing');
    expect(await refused({ golden: [{ input: [0.5, 0.5], score: 0.9 }] })).toContain("golden");
    const descending = { kind: "isotonic", scores: [0.1, 0.5], probabilities: [0.4, 0.2] };
    expect(await refused({ calibration: descending })).toContain("must not descend");
    expect(await refused({ calibration: { kind: "platt", slope: 1, intercept: 0 } })).toContain(
      "slope",
    );
  });

  test("any document is taken or refused as a model is, and never breaks anything", async () => {
    const members = [await member("one", { score: first }), await member("two", { score: second })];
    const number = fc.oneof(fc.double(), fc.constantFrom(0, 1, -1, 1e308));
    const document = fc.record(
      {
        name: fc.oneof(fc.constant("any"), fc.string()),
        members: fc.oneof(fc.constant(members), fc.array(fc.string(), { maxLength: 3 })),
        combination: fc.oneof(
          fc.record({ kind: fc.constant("weighted"), weights: fc.array(number, { maxLength: 3 }) }),
          fc.record({
            kind: fc.constant("stacked"),
            weights: fc.array(number, { minLength: 2, maxLength: 2 }),
            intercept: number,
          }),
          fc.jsonValue(),
        ),
        calibration: fc.oneof(
          fc.record({ kind: fc.constant("platt"), slope: number, intercept: number }),
          fc.jsonValue(),
        ),
        golden: fc.oneof(
          fc.constant([{ input: [0.1, 0.2], score: 0.5 }]),
          fc.array(fc.jsonValue(), { maxLength: 2 }),
        ),
      },
      { requiredKeys: ["name", "members", "combination"] },
    );
    await fc.assert(
      fc.asyncProperty(document, async (ensemble) => {
        await here.desk.validate("t", { ensemble }).catch((error: unknown) => {
          expect(error).toMatchObject({ code: "ECAP_MODEL_INVALID" });
        });
      }),
      { numRuns: 100 },
    );
  });

  test("learns weights and calibration from rows that no member learned from, and is judged on later ones", async () => {
    const members = [await learner("one", first), await learner("two", second)];
    let state = 7;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const rows = 4_000;
    const label = Float64Array.from({ length: rows }, () => (random() < 0.2 ? 1 : 0));
    const seen = () =>
      Float64Array.from(label, (fraud) => Math.min(0.99, 0.7 * random() + 0.25 * fraud + 0.01));
    const columns = { a: seen(), b: seen(), label };
    const batches = async function* () {
      yield { rows, columns };
    };
    const spec = {
      name: "learned",
      version: "1",
      label: "label",
      period: { from: "2026-02-01", to: "2026-03-01" },
    } as const;
    for (const [combination, calibration] of [
      ["stacked", "none"],
      ["stacked", "platt"],
      ["weighted", "isotonic"],
    ] as const) {
      const { document, report } = await learnEnsemble(members, batches(), {
        ...spec,
        combination,
        calibration,
      });
      expect(report).toMatchObject({ rows, validationRows: 800 });
      const alone = report.members?.map(({ auc }) => auc) ?? [];
      expect(report.validation?.auc).toBeGreaterThan(Math.max(...alone) + 0.02);
      // Probabilities: what they promise comes.
      expect(report.validation?.brier).toBeLessThan(0.16);
      expect(document).toMatchObject({ members: ["one/1", "two/1"], golden: { length: 20 } });
      const ensemble = { ...document, calibration: document.calibration } as Parameters<
        typeof combine
      >[0];
      const cases = [...label].map((fraud, row) => ({
        score: combine(ensemble, [columns.a[row], columns.b[row]]) ?? 0,
        positive: fraud === 1,
      }));
      expect(areaUnderCurve(cases.slice(3_200))).toBeCloseTo(report.validation?.auc ?? 0, 9);
    }
    const early = { ...spec, period: { from: "2026-01-15", to: "2026-03-01" } };
    await expect(
      learnEnsemble(members, batches(), { ...early, combination: "stacked", calibration: "none" }),
    ).rejects.toMatchObject({
      code: "ECAP_TRAINING_DATA",
      message: expect.stringContaining("one/1 learned from rows") as string,
    });
  });
});
