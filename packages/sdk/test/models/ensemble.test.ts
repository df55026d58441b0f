import { combine, fitStacked, fitWeighted } from "@ecap/sdk/models";
import { areaUnderCurve } from "@ecap/sdk/training";
import { describe, expect, it } from "vitest";

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Members that see the truth through noise of their own; the third sees nothing. */
function cases(count: number) {
  let state = 1;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const noise = (): number => random() + random() + random() - 1.5;
  return Array.from({ length: count }, () => {
    const positive = random() < 0.3;
    const truth = positive ? 0.5 : -0.5;
    const scores = [2 * (truth + noise()), 2 * (truth + noise()), 3 * noise()].map(sigmoid);
    return { positive, scores };
  });
}

describe("an ensemble", () => {
  const learned = cases(4_000);
  const later = cases(9_000).slice(4_000);
  const names = ["first", "second", "blind"];
  const auc = (scoreOf: (scores: readonly number[]) => number | undefined): number =>
    areaUnderCurve(
      later.map(({ scores, positive }) => ({ score: scoreOf(scores) ?? 0, positive })),
    );

  it("ranks later cases better than its best member, and leaves out the member that knows nothing", () => {
    const best = Math.max(...names.map((_, member) => auc((scores) => scores[member])));
    const stacked = fitStacked(names, learned);
    const weighted = fitWeighted(names, (ensemble) =>
      areaUnderCurve(
        learned.map(({ scores, positive }) => ({
          score: combine(ensemble, scores) ?? 0,
          positive,
        })),
      ),
    );
    for (const ensemble of [stacked, weighted]) {
      expect(auc((scores) => combine(ensemble, scores))).toBeGreaterThan(best + 0.02);
      const [first = 0, second = 0, blind = 1] = ensemble.combination.weights;
      expect(blind).toBeLessThan(0.1 * Math.min(first, second));
    }
  });

  it("is calibrated: as many positives come as it says", () => {
    const stacked = fitStacked(names, learned);
    const promised = later.reduce((sum, { scores }) => sum + (combine(stacked, scores) ?? 0), 0);
    const came = later.filter(({ positive }) => positive).length;
    expect(promised / came).toBeGreaterThan(0.9);
    expect(promised / came).toBeLessThan(1.1);
  });

  it("goes on with the members that answer", () => {
    const combination = { kind: "weighted", weights: [3, 1] } as const;
    const ensemble = { members: ["a", "b"], combination };
    expect(combine(ensemble, [0.4, 0.8])).toBeCloseTo(0.5, 12);
    expect(combine(ensemble, [undefined, 0.8])).toBeCloseTo(0.8, 12);
    expect(combine(ensemble, [undefined, undefined])).toBeUndefined();
    const stacked = {
      ...ensemble,
      combination: { ...combination, kind: "stacked", intercept: 0 },
    } as const;
    expect(combine(stacked, [0.5, undefined])).toBeCloseTo(0.5, 12);
  });

  it("refuses cases without a score of each member", () => {
    const broken = [{ scores: [0.1], positive: true }];
    expect(() => fitStacked(names, broken)).toThrowError(/one score of each member/);
  });
});
