import { seededRandom } from "@ecap/sdk/training";
import { expect, it } from "vitest";
import { loadTensorFlow } from "../src/load-tensorflow.ts";
import { createNetwork, type LayerWeights } from "../src/network.ts";

const random = seededRandom(5);
const rows = {
  features: Float32Array.from({ length: 60 }, () => random() * 2 - 1),
  labels: Float32Array.from({ length: 20 }, () => (random() < 0.4 ? 1 : 0)),
  weights: Float32Array.from({ length: 20 }, () => random() + 0.5),
};

const changed = (
  weights: readonly LayerWeights[],
  layer: number,
  at: number,
  by: number,
): LayerWeights[] =>
  weights.map((own, i) =>
    i === layer ? { ...own, kernel: own.kernel.map((w, j) => (j === at ? w + by : w)) } : own,
  );

it("moves every weight against the slope of the loss, as Adam's first step does: by the learning rate", async () => {
  const learningRate = 1e-3;
  const options = { width: 3, hidden: [5, 4], learningRate, l2: 0, dropout: 0, seed: 2 };
  const network = createNetwork(await loadTensorFlow(), options);
  const before = await network.weights();
  const lossWith = (weights: readonly LayerWeights[]): Promise<number> => {
    network.restore(weights);
    return network.loss(rows);
  };
  const slopes: number[][] = [];
  for (const [layer, { kernel }] of before.entries()) {
    const own: number[] = [];
    for (const at of kernel.keys()) {
      const up = await lossWith(changed(before, layer, at, 1e-2));
      const down = await lossWith(changed(before, layer, at, -1e-2));
      own.push((up - down) / 2e-2);
    }
    slopes.push(own);
  }
  network.restore(before);
  await network.learn(rows);
  const after = await network.weights();
  network.dispose();
  let steep = 0;
  for (const [layer, { kernel }] of after.entries()) {
    for (const [at, weight] of kernel.entries()) {
      const slope = slopes[layer]?.[at] ?? 0;
      if (Math.abs(slope) < 2e-3) continue;
      steep += 1;
      const moved = weight - (before[layer]?.kernel[at] ?? 0);
      expect(moved).toBeCloseTo(-Math.sign(slope) * learningRate, 5);
    }
  }
  expect(steep).toBeGreaterThan(20);
});
