import { onnxModelRuntime } from "@ecap/adapter-onnx";
import type { TrainingAlgorithm, TrainingBatch } from "@ecap/sdk";
import {
  createEnsembleScorer,
  createScorer,
  type Ensemble,
  explainScore,
  parseEnsemble,
  type Scorer,
} from "@ecap/sdk/models";
import { seededRandom } from "@ecap/sdk/training";
import { afterAll, expect, it } from "vitest";
import { treesModelTrainer } from "../src/index.ts";

/** Points with the label 1 where `x` and one of the others are large; the second model is shown `z` in the place of `y`. */
function points(): TrainingBatch {
  const random = seededRandom(5);
  const rows = 800;
  const [x, y, z] = [0, 1, 2].map(() => Float32Array.from({ length: rows }, random));
  if (x === undefined || y === undefined || z === undefined) throw new Error("three columns");
  const label = Uint8Array.from(x, (value, i) => (value + (y[i] ?? 0) + (z[i] ?? 0) > 1.6 ? 1 : 0));
  return { rows, columns: { x, y, z, label } };
}

async function trained(features: readonly string[], algorithm: TrainingAlgorithm): Promise<Scorer> {
  const { bytes } = await treesModelTrainer().train([points()], {
    name: features.join(""),
    version: "1",
    features,
    label: "label",
    algorithm,
  });
  return createScorer(onnxModelRuntime(), bytes, features);
}

/** Trained once for all. */
const pairs = new Map<string, Promise<readonly Scorer[]>>();

function pairOf(algorithm: TrainingAlgorithm): Promise<readonly Scorer[]> {
  const known = pairs.get(algorithm.kind);
  if (known !== undefined) return known;
  const made = Promise.all([trained(["x", "y"], algorithm), trained(["z", "x"], algorithm)]);
  pairs.set(algorithm.kind, made);
  return made;
}
afterAll(async () => {
  for (const pair of pairs.values()) for (const scorer of await pair) await scorer.close();
});

const boosted = { kind: "boosted", trees: 20 } as const;
const forest = { kind: "forest", trees: 10, depth: 4 } as const;
const stacked = { kind: "stacked", weights: [0.7, 0.9], intercept: -0.3 } as const;
const weighted = { kind: "weighted", weights: [1, 3] } as const;

it.each([
  ["boosted trees, stacked", boosted, stacked, undefined, "trees", "log-odds"],
  [
    "boosted trees, stacked, by Platt's curve",
    boosted,
    stacked,
    { kind: "platt", slope: -1.4, intercept: 0.2 },
    "trees",
    "log-odds",
  ],
  ["forests, weighted", forest, weighted, undefined, "trees", "score"],
  ["forests, stacked", forest, stacked, undefined, "sampled", "score"],
  [
    "boosted trees, stacked, along a curve of steps",
    boosted,
    stacked,
    { kind: "isotonic", scores: [0, 0.5, 1], probabilities: [0.1, 0.2, 0.9] },
    "sampled",
    "score",
  ],
] as const)(
  "an ensemble of %s is explained, exactly where a sum of its members is",
  async (_, algorithm, combination, calibration, method, space) => {
    const members = await pairOf(algorithm);
    const ensemble: Ensemble = {
      members: ["xy/1", "zx/2"],
      combination,
      ...(calibration && { calibration: structuredClone(calibration) as Ensemble["calibration"] }),
    };
    const [first] = members;
    const golden = (first?.contract.golden ?? []).slice(0, 10).map(({ input }, i) => ({
      input: [...input, (i + 0.5) / 10],
      score: 0.5,
    }));
    const document = { name: "both", golden, ...structuredClone(ensemble) };
    const contract = parseEnsemble(document).contractOf(members.map((each) => each.contract));
    expect(contract.features.map(({ name }) => name)).toEqual(["x", "y", "z"]);
    const scorer = createEnsembleScorer(ensemble, contract, members);
    const row = { x: 0.9, y: 0.8, z: 0.2 };
    const told = await explainScore(scorer, row);
    expect(told).toMatchObject({ method, space });
    const sum = told.contributions.reduce((all, each) => all + each.contribution, told.base);
    expect(sum).toBeCloseTo(told.total, 3);
    // Whatever was read from the graphs, samples say the same of it, within their own error.
    const sampled = await explainScore(scorer, row, { method: "sampled", space, orders: 100 });
    for (const { feature, contribution, error = 0 } of sampled.contributions) {
      const own = told.contributions.find((each) => each.feature === feature)?.contribution ?? 0;
      expect(Math.abs(own - contribution)).toBeLessThan(5 * error + 0.02);
    }
  },
);
