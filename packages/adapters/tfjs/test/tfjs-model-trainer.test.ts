import { onnxModelRuntime } from "@ecap/adapter-onnx";
import type { NetworkAlgorithm, TrainingBatch, TrainingProgress, TrainingSpec } from "@ecap/sdk";
import { checkModel } from "@ecap/sdk/models";
import { areaUnderCurve } from "@ecap/sdk/training";
import { describe, expect, it } from "vitest";
import { tfjsModelTrainer } from "../src/index.ts";

const algorithm = {
  kind: "network",
  hidden: [],
  epochs: 8,
  batchRows: 128,
  learningRate: 0.05,
} as const satisfies NetworkAlgorithm;
const spec: TrainingSpec = {
  name: "test",
  version: "1",
  features: ["x", "y"],
  label: "label",
  algorithm,
};

const withNetwork = (changed: Partial<NetworkAlgorithm>): TrainingSpec => ({
  ...spec,
  algorithm: { ...algorithm, ...changed },
});

/** Points in the square from −1 to 1, in batches, with the label that `isPositive` gives. */
function points(
  count: number,
  isPositive: (x: number, y: number) => boolean,
  scaled: (x: number) => number = (x) => x,
): TrainingBatch[] {
  let state = 7;
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 2 - 1;
  };
  const rows = Array.from({ length: count }, () => [random(), random()] as const);
  const batch = (own: typeof rows): TrainingBatch => ({
    rows: own.length,
    columns: {
      x: Float64Array.from(own, ([x]) => scaled(x)),
      y: Float64Array.from(own, ([, y]) => y),
      label: own.map(([x, y]) => (isPositive(x, y) ? 1 : 0)),
    },
  });
  return [batch(rows.slice(0, count / 3)), batch(rows.slice(count / 3))];
}

const isAbove = (x: number, y: number): boolean => x > 2 * y;
const isCrossed = (x: number, y: number): boolean => x * y > 0;

async function load(bytes: Uint8Array) {
  return onnxModelRuntime().load(bytes, { missing: "pass" });
}

async function aucOf(bytes: Uint8Array, [batch]: readonly TrainingBatch[]): Promise<number> {
  const model = await load(bytes);
  const { x, y, label } = batch?.columns ?? {};
  const rows = Array.from({ length: batch?.rows ?? 0 }, (_, i) => [x?.[i] ?? 0, y?.[i] ?? 0]);
  const answers = await model.scoreBatch(rows);
  await model.close();
  return areaUnderCurve(
    answers.map(({ scores }, i) => ({ score: scores[1] ?? 0, positive: label?.[i] === 1 })),
  );
}

describe("tfjsModelTrainer", () => {
  it("learns a line as a logistic regression, whatever the features' scale", async () => {
    const rows = points(3_000, isAbove, (x) => 1e6 + 50 * x);
    const { bytes, report } = await tfjsModelTrainer().train(rows, spec);
    expect(await aucOf(bytes, rows)).toBeGreaterThan(0.99);
    expect(report.validation?.auc).toBeGreaterThan(0.99);
    expect(report).toMatchObject({ rows: 3_000, validationRows: 600 });
  });

  it("learns with hidden layers what no line can separate", async () => {
    const rows = points(3_000, isCrossed);
    const line = await tfjsModelTrainer().train(rows, spec);
    const network = await tfjsModelTrainer().train(rows, withNetwork({ hidden: [16, 8] }));
    expect(line.report.validation?.auc).toBeLessThan(0.6);
    expect(await aucOf(network.bytes, rows)).toBeGreaterThan(0.97);
  });

  it("says in the file what it is, and gives the scores that it promises there", async () => {
    const period = { from: "2026-01-01", to: "2026-02-01" };
    const trained = { ...spec, period };
    const { bytes } = await tfjsModelTrainer().train(points(600, isAbove), trained);
    const use = { useCase: "test", features: ["x", "y"] };
    const { contract, golden } = await checkModel(onnxModelRuntime(), use, { bytes });
    expect(golden.rows).toBe(20);
    expect(golden.largestDifference).toBeLessThan(1e-6);
    expect(contract).toMatchObject({
      name: "test",
      version: "1",
      features: [
        { name: "x", missing: "nan" },
        { name: "y", missing: "nan" },
      ],
      training: { ...period, rows: 600 },
    });
    const model = await load(bytes);
    const { label, scores } = await model.score([1, -1]);
    expect(label).toBe(1);
    expect((scores[0] ?? 0) + (scores[1] ?? 0)).toBeCloseTo(1, 6);
    await model.close();
  });

  it("takes a missing value as the mean, and no value can drown the others", async () => {
    const rows = points(3_000, isAbove, (x) => 5 + x);
    const { bytes } = await tfjsModelTrainer().train(rows, spec);
    const model = await load(bytes);
    const scoreOf = async (row: number[]): Promise<number> =>
      (await model.score(row)).scores[1] ?? -1;
    expect(await scoreOf([Number.NaN, 0.3])).toBeCloseTo(await scoreOf([5, 0.3]), 1);
    for (const absurd of [1e30, -1e30, 3e38]) {
      const score = await scoreOf([absurd, 0.3]);
      expect(score >= 0 && score <= 1).toBe(true);
    }
    await model.close();
  });

  it("gives the same model for the same seed and rows, and another for another", async () => {
    const rows = points(600, isCrossed);
    const trained = (seed: number) =>
      tfjsModelTrainer().train(rows, {
        ...withNetwork({ hidden: [8], dropout: 0.2, epochs: 2 }),
        seed,
      });
    const [first, second, other] = [await trained(1), await trained(1), await trained(2)];
    expect(Buffer.from(first.bytes).equals(second.bytes)).toBe(true);
    expect(Buffer.from(first.bytes).equals(other.bytes)).toBe(false);
  });

  it("tells each pass, stops where validation gets no better, and keeps the best", async () => {
    const seen: TrainingProgress[] = [];
    // Labels that nothing explains: all there is to learn is noise.
    const rows = points(600, (x, y) => Math.sin(x * 1e5 + y * 1e4) > 0);
    const { report } = await tfjsModelTrainer().train(
      rows,
      withNetwork({ hidden: [64], epochs: 60, patience: 3 }),
      { onProgress: (progress) => seen.push(progress) },
    );
    expect(seen).toEqual(report.history);
    expect(seen.length).toBe(report.steps + 3);
    const best = Math.min(...seen.map(({ validationLoss = Number.NaN }) => validationLoss));
    expect(seen[report.steps - 1]?.validationLoss).toBe(best);
  });

  it("can be stopped between two steps", async () => {
    const stop = new AbortController();
    const training = tfjsModelTrainer().train(
      points(3_000, isAbove),
      withNetwork({ epochs: 10_000, patience: 10_000 }),
      { signal: stop.signal, onProgress: () => stop.abort() },
    );
    await expect(training).rejects.toMatchObject({ name: "AbortError" });
  });

  it("weighs the rarer class up where it is asked to", async () => {
    const rows = points(3_000, (x) => x > 0.95);
    const mean = async (classWeights: "none" | "balanced"): Promise<number> => {
      const { bytes } = await tfjsModelTrainer().train(rows, {
        ...withNetwork({ epochs: 3 }),
        classWeights,
      });
      const model = await load(bytes);
      const { scores } = await model.score([0.9, 0]);
      await model.close();
      return scores[1] ?? 0;
    };
    expect(await mean("balanced")).toBeGreaterThan(2 * (await mean("none")));
  });

  it.each([
    ["a label that is neither 0 nor 1", { label: [2, 0, 1] }, /row 0, column "label": 2/],
    ["an infinite feature", { y: [0, Number.POSITIVE_INFINITY, 1] }, /row 1, column "y"/],
    ["a feature past float32", { y: [0, 1e39, 1] }, /row 1, column "y"/],
    ["a short column", { x: [1] }, /has 1 of 3 rows/],
    ["one class", { label: [0, 0, 0] }, /both classes are wanted/],
  ])("refuses %s", async (_, changed, message) => {
    const columns = { x: [1, 2, 3], y: [1, 2, 3], label: [1, 0, 1], ...changed };
    const training = tfjsModelTrainer().train([{ rows: 3, columns }], spec);
    await expect(training).rejects.toMatchObject({ code: "ECAP_TRAINING_DATA" });
    await expect(training).rejects.toThrowError(message);
  });

  it("refuses no rows, a column that is not there, and more than fits in memory", async () => {
    const refused = { code: "ECAP_TRAINING_DATA" };
    await expect(tfjsModelTrainer().train([], spec)).rejects.toMatchObject(refused);
    const other = { ...spec, features: ["x", "z"] };
    await expect(tfjsModelTrainer().train(points(60, isAbove), other)).rejects.toThrowError(
      /no column "z"/,
    );
    const small = tfjsModelTrainer({ maxBytes: 100 });
    await expect(small.train(points(60, isAbove), spec)).rejects.toMatchObject(refused);
  });
});
