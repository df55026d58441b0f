import { describe, expect, test } from "vitest";
import { manualClock, memory } from "../../src/memory/index.ts";
import { createProposals, decayOf } from "../../src/models/index.ts";
import { averagePrecision, type Ranked, seededRandom } from "../../src/training/index.ts";

/** Labelled scores of a model that puts frauds `skill` above the others, on average. */
function cases(
  count: number,
  { skill, frauds = 0.1, seed }: { skill: number; frauds?: number; seed: number },
): readonly Ranked[] {
  const random = seededRandom(seed);
  const bell = (): number => random() + random() + random() - 1.5;
  return Array.from({ length: count }, () => {
    const positive = random() < frauds;
    return { score: 1 / (1 + Math.exp(-(bell() * 2 + (positive ? skill : 0)))), positive };
  });
}

describe("decay", () => {
  test("is not found where nothing changed, more often than its chance says", () => {
    const trials = 400;
    let found = 0;
    for (let i = 0; i < trials; i += 1) {
      const before = cases(600, { skill: 1, seed: 2 * i });
      const now = cases(400, { skill: 1, seed: 2 * i + 1 });
      found += decayOf(before, now, { chance: 0.05, loss: 0 }).length > 0 ? 1 : 0;
    }
    // 0.05 of 400 are 20; more than 35 would be chance in one of a thousand.
    expect(found).toBeLessThanOrEqual(35);
  });

  test("is found where frauds look more like the others, in both measures", () => {
    const decays = decayOf(
      cases(4_000, { skill: 2.5, seed: 1 }),
      cases(2_000, { skill: 1, seed: 2 }),
    );
    expect(decays.map(({ measure }) => measure)).toEqual(["auc", "average-precision"]);
    for (const { before, now, pValue } of decays) {
      expect(now).toBeLessThan(before);
      expect(pValue).toBeLessThan(0.0005);
    }
  });

  test("is not said of a share of frauds that changed", () => {
    const before = cases(8_000, { skill: 2, frauds: 0.2, seed: 3 });
    const now = cases(8_000, { skill: 2, frauds: 0.03, seed: 4 });
    expect(averagePrecision(before) - averagePrecision(now)).toBeGreaterThan(0.2);
    expect(decayOf(before, now)).toEqual([]);
    expect(decayOf(now, before)).toEqual([]);
  });

  test("is not looked for among few labels, and what improved is none", () => {
    const good = cases(4_000, { skill: 3, seed: 5 });
    const bad = cases(4_000, { skill: 0.5, seed: 6 });
    expect(decayOf(good, bad).length).toBe(2);
    expect(decayOf(bad, good)).toEqual([]);
    expect(decayOf(good, bad.slice(0, 100))).toEqual([]);
    expect(decayOf(good, [])).toEqual([]);
    const honest = bad.filter(({ positive }) => !positive);
    expect(decayOf(good, honest)).toEqual([]);
  });
});

describe("proposals", () => {
  const clock = manualClock(Date.UTC(2026, 2, 3));
  const { stateStore } = memory({ clock });
  const proposals = createProposals({ useCase: "fraud", stateStore, clock });
  const evidence = [{ kind: "score-drift", psi: 0.4, threshold: 0.02, values: 5_000 }] as const;
  const found = { version: 3, model: "m/3", evidence };

  test("one is open at a time for a model, by whomever it is found; the next comes two weeks after the answer", async () => {
    const raised = await Promise.all(Array.from({ length: 5 }, () => proposals.raise("t", found)));
    const [proposal, ...others] = raised.filter((each) => each !== undefined);
    expect(others).toEqual([]);
    const id = proposal?.id ?? "";
    expect(await proposals.list("t")).toMatchObject([{ id, state: "open", model: "m/3" }]);
    expect(await proposals.list("other")).toEqual([]);
    const how = { state: "dismissed", closedBy: "ann", reason: "a sale" } as const;
    expect(await proposals.close("t", id, how)).toMatchObject({ ...how, closedAt: clock.now() });
    await expect(proposals.close("t", id, how)).rejects.toMatchObject({ code: "ECAP_CONFLICT" });
    await expect(proposals.close("t", "none", how)).rejects.toMatchObject({
      code: "ECAP_NOT_FOUND",
    });
    clock.advance(13 * 86_400_000);
    expect(await proposals.raise("t", found)).toBeUndefined();
    expect(await proposals.raise("t", { ...found, version: 4 })).toMatchObject({ version: 4 });
    clock.advance(2 * 86_400_000);
    expect(await proposals.raise("t", found)).toMatchObject({ version: 3, state: "open" });
  });

  test("one whose training could not begin is open again", async () => {
    const own = { ...found, version: 9 };
    const { id = "" } = (await proposals.raise("t", own)) ?? {};
    await proposals.close("t", id, { state: "accepted", closedBy: "ann" });
    const reopened = await proposals.reopen("t", id);
    expect(reopened).toMatchObject({ state: "open", version: 9 });
    expect(reopened.closedBy).toBeUndefined();
    await proposals.close("t", id, { state: "accepted", closedBy: "bob" });
    expect(await proposals.began("t", id, "training-1")).toMatchObject({
      state: "accepted",
      training: "training-1",
      closedBy: "bob",
    });
  });
});
