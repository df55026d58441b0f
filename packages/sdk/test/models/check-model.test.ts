import { describe, expect, test } from "vitest";
import { checkModel, type ModelContractInput } from "../../src/models/index.ts";
import { described, type FakeModel, fakeRuntime } from "./fake-model.ts";

const use = { useCase: "fraud", features: ["a", "b"] };

const score = ([a = 0, b = 0]: readonly number[]): number =>
  Number.isNaN(b) ? 0.25 : (a + b) / 10;

async function check(contract: Partial<ModelContractInput>, model: Partial<FakeModel> = {}) {
  const runtime = fakeRuntime();
  const bytes = runtime.add({ description: described(contract), score, ...model });
  return checkModel(runtime, use, { bytes });
}

describe("checking a model", () => {
  test("runs its golden vectors and says by how much they are off", async () => {
    const features = ["a", { name: "b", missing: "nan" as const }];
    const golden = [
      { input: [1, 2], score: 0.300_001, label: "good" },
      { input: [3, null], score: 0.25 },
    ];
    const checked = await check({ features, golden });
    expect(checked.golden.rows).toBe(2);
    expect(checked.golden.largestDifference).toBeCloseTo(1e-6, 9);
    expect(checked.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(checked.warnings.join()).toContain("histograms");
  });

  test.each<[string, Partial<ModelContractInput>, Partial<FakeModel>]>([
    [
      "golden vector 2 scores 0.3 and its contract says 0.31",
      {
        golden: [
          { input: [1, 1], score: 0.2 },
          { input: [1, 2], score: 0.31 },
        ],
      },
      {},
    ],
    ["golden vector 1 has 1 values, not 2", { golden: [{ input: [1], score: 0.2 }] }, {}],
    [
      "golden vector 1 gets the label good and its contract says fraud",
      { golden: [{ input: [1, 1], score: 0.2, label: "fraud" }] },
      {},
    ],
    [
      "golden vector 1 scores 2; a score from 0 to 1 is needed",
      { golden: [{ input: [10, 10], score: 2 }] },
      {},
    ],
    [
      'cannot be scored: the feature "b" is missing',
      { golden: [{ input: [1, null], score: 0.2 }] },
      {},
    ],
    ["the model takes 1000 ms a row; for fraud at most 25 ms are allowed", {}, { rowMs: 1_000 }],
    ["not there: moon", { features: ["a", "moon"] }, {}],
  ])("refuses: %s", async (message, contract, model) => {
    await expect(check(contract, model)).rejects.toMatchObject({
      code: "ECAP_MODEL_INVALID",
      message: expect.stringContaining(message),
    });
  });
});
