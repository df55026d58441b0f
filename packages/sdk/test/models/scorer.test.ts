import { describe, expect, test, vi } from "vitest";
import { createScorer, readModelContract } from "../../src/models/index.ts";
import type { LoadedModel, ModelDescription, ModelRuntime } from "../../src/ports/index.ts";

const described: ModelDescription = {
  inputs: [{ name: "x", type: "float32", shape: [-1, 2] }],
  outputs: [],
  labels: ["good", "fraud"],
  producer: "test",
  opsets: {},
  metadata: {
    "ecap.name": "m",
    "ecap.version": "3",
    "ecap.features": '["b","a"]',
    "ecap.positive_label": "good",
  },
};

function runtimeOf(description: ModelDescription, scores: readonly number[]) {
  const score = vi.fn<LoadedModel["score"]>(async () => ({ scores: [...scores] }) as never);
  const close = vi.fn(async () => {});
  const model: LoadedModel = {
    description,
    score,
    scoreBatch: () => expect.fail("no batch was asked for"),
    close,
  };
  const runtime: ModelRuntime = { load: async () => model };
  return { runtime, score, close };
}

describe("a model's contract", () => {
  test("is read from its metadata", () => {
    expect(readModelContract(described)).toEqual({
      name: "m",
      version: "3",
      features: ["b", "a"],
      positiveLabel: "good",
    });
  });

  test.each([undefined, "", "b,a", "[]", '["a",""]', '{"a":1}', "[1]"])(
    "with the features %j is refused",
    (names) => {
      const metadata = { ...described.metadata, "ecap.features": names ?? "" };
      expect(() => readModelContract({ ...described, metadata })).toThrow(/ecap\.features/);
    },
  );

  test("that does not fit the graph is refused", () => {
    const metadata = { ...described.metadata, "ecap.features": '["a"]' };
    expect(() => readModelContract({ ...described, metadata })).toThrow(
      "the model takes 2 columns and its contract names 1 features",
    );
  });
});

describe("a scorer", () => {
  test("gives the features in the model's order and answers the positive class", async () => {
    const { runtime, score } = runtimeOf(described, [0.7, 0.3]);
    const scorer = await createScorer(runtime, new Uint8Array(), ["a", "b", "c"]);
    expect(await scorer.score({ a: 1, b: 2, c: 3 })).toBe(0.7);
    expect(score.mock.calls[0]?.[0]).toEqual([2, 1]);
    await scorer.score({ a: 1 });
    expect(score.mock.calls[1]?.[0]).toEqual([Number.NaN, 1]);
  });

  test("takes the last class where none is named", async () => {
    const { "ecap.positive_label": _, ...metadata } = described.metadata;
    const { runtime } = runtimeOf({ ...described, metadata }, [0.7, 0.3]);
    expect(await (await createScorer(runtime, new Uint8Array(), ["a", "b"])).score({})).toBe(0.3);
  });

  test("says which features are not there, and lets go of the model", async () => {
    const { runtime, close } = runtimeOf(described, []);
    await expect(createScorer(runtime, new Uint8Array(), ["a"])).rejects.toMatchObject({
      code: "ECAP_MODEL_INVALID",
      message: expect.stringContaining("not there: b") as string,
    });
    expect(close).toHaveBeenCalledOnce();
  });

  test("refuses a class the model does not have, and a score that is none", async () => {
    const metadata = { ...described.metadata, "ecap.positive_label": "evil" };
    await expect(
      createScorer(runtimeOf({ ...described, metadata }, []).runtime, new Uint8Array(), ["a", "b"]),
    ).rejects.toMatchObject({ code: "ECAP_MODEL_INVALID" });
    const { runtime } = runtimeOf(described, [Number.NaN, 1]);
    const scorer = await createScorer(runtime, new Uint8Array(), ["a", "b"]);
    await expect(scorer.score({ a: 1, b: 1 })).rejects.toMatchObject({
      code: "ECAP_MODEL_INVALID",
    });
  });
});
