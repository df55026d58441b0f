import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { createScorer } from "@ecap/sdk/models";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { probabilityOf, trainBoostedTrees } from "../../scripts/boosted-trees.ts";
import { areaUnderCurve, averagePrecision, precisionAt } from "../../scripts/ranking.ts";
import { toOnnx } from "../../scripts/tree-model.ts";

const options = { trees: 20, depth: 3, learningRate: 0.3, minRows: 5, regularisation: 1 };
/** Numbers that look like chance and are the same every time. */
const noise = (i: number): number => (Math.sin(i * 12.9898) * 43_758.5453) % 1;
const rows = Array.from({ length: 800 }, (_, i) => [noise(i), noise(i + 7_001), noise(i + 9_001)]);
const labels = rows.map(([a = 0, b = 0]) => (a > 0.2 && b < 0.3 ? 1 : 0));

describe("boosted trees", () => {
  const model = trainBoostedTrees(rows, labels, options);

  test("learn what needs two columns at once", () => {
    const cases = rows.map((row, i) => ({
      score: probabilityOf(model, row),
      positive: labels[i] === 1,
    }));
    expect(areaUnderCurve(cases)).toBeGreaterThan(0.99);
  });

  test("give as ONNX what they give here", async () => {
    const bytes = toOnnx(model, { name: "m", version: "1", features: ["a", "b", "c"] });
    const scorer = await createScorer(onnxModelRuntime(), bytes, ["a", "b", "c", "d"]);
    expect(scorer.contract).toMatchObject({
      name: "m",
      version: "1",
      features: ["a", "b", "c"].map((name) => ({ name, missing: "nan" })),
      positiveLabel: 1,
    });
    for (const row of rows.slice(0, 200)) {
      const [a = 0, b = 0, c = 0] = row;
      expect(await scorer.score({ a, b, c })).toBeCloseTo(probabilityOf(model, row), 5);
    }
    await scorer.close();
  });
});

describe("ranking", () => {
  const some = fc
    .array(fc.record({ score: fc.integer({ min: 0, max: 5 }), positive: fc.boolean() }), {
      minLength: 2,
      maxLength: 40,
    })
    .filter((cases) => new Set(cases.map(({ positive }) => positive)).size === 2);

  test("the area under the curve is the share of pairs in the right order, ties half", () => {
    fc.assert(
      fc.property(some, (cases) => {
        const positives = cases.filter(({ positive }) => positive);
        const negatives = cases.filter(({ positive }) => !positive);
        const won = positives.flatMap((p) =>
          negatives.map((n): number => (p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0)),
        );
        const share = won.reduce((sum, each) => sum + each, 0) / won.length;
        expect(areaUnderCurve(cases)).toBeCloseTo(share, 10);
      }),
    );
  });

  test("precision and average precision of a list worked out by hand", () => {
    const cases = [true, false, true, false].map((positive, i) => ({ score: 10 - i, positive }));
    expect(averagePrecision(cases)).toBeCloseTo((1 + 2 / 3) / 2, 10);
    expect(precisionAt(2, cases)).toBe(0.5);
  });
});
