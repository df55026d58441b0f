import { onnxModelRuntime } from "@ecap/adapter-onnx";
import type { TrainingAlgorithm, TrainingBatch, TrainingProgress, TrainingSpec } from "@ecap/sdk";
import { checkModel, createScorer, explainScore } from "@ecap/sdk/models";
import { areaUnderCurve, seededRandom } from "@ecap/sdk/training";
import { describe, expect, it } from "vitest";
import { treesModelTrainer } from "../src/index.ts";

const specOf = (algorithm: TrainingAlgorithm): TrainingSpec => ({
  name: "test",
  version: "1",
  features: ["x", "y", "noise"],
  label: "label",
  algorithm,
});
const forest = specOf({ kind: "forest", trees: 40, leafWeight: 2 });
const boosted = specOf({ kind: "boosted", trees: 60, learningRate: 0.2 });

/** Points in the square from −1 to 1 with the label that `isPositive` gives. */
function points(count: number, isPositive: (x: number, y: number) => boolean): TrainingBatch {
  const random = seededRandom(3);
  const columns = {
    x: new Float32Array(count),
    y: new Float32Array(count),
    noise: new Float32Array(count),
    label: new Uint8Array(count),
  };
  for (let row = 0; row < count; row += 1) {
    const [x, y] = [random() * 2 - 1, random() * 2 - 1];
    columns.x[row] = x;
    columns.y[row] = y;
    columns.noise[row] = random();
    columns.label[row] = isPositive(x, y) ? 1 : 0;
  }
  return { rows: count, columns };
}

const isCrossed = (x: number, y: number): boolean => x * y > 0;

async function scores(bytes: Uint8Array, { rows, columns }: TrainingBatch): Promise<number[]> {
  const model = await onnxModelRuntime().load(bytes, { missing: "pass" });
  const { x, y, noise } = columns;
  const all = Array.from({ length: rows }, (_, i) => [x?.[i] ?? 0, y?.[i] ?? 0, noise?.[i] ?? 0]);
  const answers = await model.scoreBatch(all);
  await model.close();
  return answers.map((answer) => answer.scores[1] ?? Number.NaN);
}

describe("treesModelTrainer", () => {
  it.each([
    ["a forest", forest],
    ["boosted trees", boosted],
  ])("learns as %s what no line can separate, and its file says the same", async (_, spec) => {
    const batch = points(4_000, isCrossed);
    const { bytes, report } = await treesModelTrainer().train([batch], spec);
    expect(report.validation?.auc).toBeGreaterThan(0.98);
    const use = { useCase: "test", features: spec.features };
    const { golden } = await checkModel(onnxModelRuntime(), use, { bytes });
    expect(golden.rows).toBe(20);
    expect(golden.largestDifference).toBeLessThan(1e-6);
    const served = await scores(bytes, batch);
    const cases = served.map((score, i) => ({
      score,
      positive: batch.columns["label"]?.[i] === 1,
    }));
    // The validation rows as the trainer itself scored them.
    expect(areaUnderCurve(cases.slice(3_200))).toBeCloseTo(report.validation?.auc ?? 0, 6);
    for (const score of served) expect(score >= 0 && score <= 1).toBe(true);
  });

  it.each([
    ["a forest", forest, "score"],
    ["boosted trees", boosted, "log-odds"],
  ])("is explained exactly as %s", async (_, spec, space) => {
    const { bytes } = await treesModelTrainer().train([points(1_000, isCrossed)], spec);
    const scorer = await createScorer(onnxModelRuntime(), bytes, spec.features);
    const { method, base, total, contributions, ...rest } = await explainScore(scorer, {
      x: 0.8,
      y: 0.7,
      noise: 0.5,
    });
    await scorer.close();
    expect({ method, space: rest.space }).toEqual({ method: "trees", space });
    const sum = contributions.reduce((all, { contribution }) => all + contribution, base);
    expect(sum).toBeCloseTo(total, 4);
    expect(contributions.at(-1)?.feature).toBe("noise");
  });

  it("is a mean of shares as a forest: a tree alone on rows it cannot tell apart gives their share", async () => {
    const rows = 4_000;
    const columns = {
      x: new Float32Array(rows),
      y: new Float32Array(rows),
      noise: new Float32Array(rows),
      label: Uint8Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? 1 : 0)),
    };
    const { bytes } = await treesModelTrainer().train([{ rows, columns }], forest);
    const [score = 0] = await scores(bytes, { rows: 1, columns });
    expect(score).toBeGreaterThan(0.23);
    expect(score).toBeLessThan(0.27);
  });

  it("sends missing values their own way", async () => {
    const batch = points(3_000, (x) => x > 0.2);
    const x = Float32Array.from(batch.columns["x"] ?? [], (value, row) =>
      row % 5 === 0 ? Number.NaN : value,
    );
    const label = Uint8Array.from(batch.columns["label"] ?? [], (own, row) =>
      row % 5 === 0 ? 1 : own,
    );
    const columns = { ...batch.columns, x, label };
    for (const spec of [forest, boosted]) {
      const { bytes } = await treesModelTrainer().train([{ rows: 3_000, columns }], spec);
      const asked = { x: [Number.NaN, -0.9, 0.9], y: [0, 0, 0], noise: [0.5, 0.5, 0.5] };
      const [missing = 0, low = 1, high = 0] = await scores(bytes, { rows: 3, columns: asked });
      expect(missing).toBeGreaterThan(0.9);
      expect(low).toBeLessThan(0.1);
      expect(high).toBeGreaterThan(0.9);
    }
  });

  it("gives the same model for the same seed and rows, and another for another", async () => {
    const batch = points(1_000, isCrossed);
    const trained = (seed: number) => treesModelTrainer().train([batch], { ...forest, seed });
    const [first, second, other] = [await trained(1), await trained(1), await trained(2)];
    expect(Buffer.from(first.bytes).equals(second.bytes)).toBe(true);
    expect(Buffer.from(first.bytes).equals(other.bytes)).toBe(false);
  });

  it("stops boosting where validation gets no better, and keeps the trees up to there", async () => {
    const seen: TrainingProgress[] = [];
    const batch = points(1_000, (x, y) => Math.sin(x * 1e5 + y * 1e4) > 0);
    const spec = specOf({ kind: "boosted", trees: 500, patience: 4, learningRate: 0.5, depth: 6 });
    const { report } = await treesModelTrainer().train([batch], spec, {
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen).toEqual(report.history);
    expect(seen).toHaveLength(report.steps + 4);
  });

  it("can be stopped between two trees", async () => {
    const stop = new AbortController();
    const training = treesModelTrainer().train(
      [points(1_000, isCrossed)],
      specOf({ kind: "forest", trees: 10_000 }),
      { signal: stop.signal, onProgress: () => stop.abort() },
    );
    await expect(training).rejects.toMatchObject({ name: "AbortError" });
  });

  it("refuses what has no trees", async () => {
    const network = specOf({ kind: "network", hidden: [] });
    const training = treesModelTrainer().train([points(100, isCrossed)], network);
    await expect(training).rejects.toMatchObject({ code: "ECAP_TRAINING_DATA" });
  });
});
