import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  contractMetadata,
  createScorer,
  parseContract,
  readModelContract,
} from "../../src/models/index.ts";
import { described, fakeRuntime, twoClasses } from "./fake-model.ts";

const invalid = (message: string | RegExp) =>
  expect.objectContaining({ code: "ECAP_MODEL_INVALID", message: expect.stringMatching(message) });

const column = (name: string, type: "float32" | "int64" = "float32") =>
  ({ name, type, shape: ["N", 1] }) as const;
const typed = (type: "int64" | "float32") => ["b", { name: "a", type }];

function scorerOf(
  contract: Parameters<typeof described>[0],
  available = ["a", "b", "c"],
  seen: unknown[] = [],
) {
  const runtime = fakeRuntime();
  const bytes = runtime.add({
    description: described(contract),
    score(row) {
      seen.push(row);
      return 0.3;
    },
  });
  return createScorer(runtime, bytes, available);
}

describe("a model's contract", () => {
  test("is read from its metadata, with a name alone for a feature that must be there", () => {
    const features = ["b", { name: "a", unit: "EUR", missing: 0 }];
    const contract = readModelContract(
      described({ name: "m", version: "3", features, positiveLabel: "good" }),
    );
    expect(contract).toMatchObject({
      name: "m",
      version: "3",
      features: [
        { name: "b", missing: "refuse" },
        { name: "a", unit: "EUR", missing: 0 },
      ],
      positiveLabel: "good",
      tolerance: 1e-5,
    });
  });

  test("comes from a side file where the model has none, and never from both", () => {
    const side = { name: "m", features: ["a", "b"] };
    expect(readModelContract(twoClasses, side).name).toBe("m");
    expect(() => readModelContract(described(), side)).toThrow(
      /side file is for models without one/,
    );
    expect(() => readModelContract(twoClasses)).toThrow(/ecap\.contract/);
    expect(() => readModelContract({ ...twoClasses, metadata: { "ecap.contract": "{" } })).toThrow(
      /no JSON/,
    );
  });

  test.each([
    [{ features: [] }, /features/],
    [{ features: ["a", ""] }, /features\.1/],
    [{ features: ["a", "a"] }, /"a" twice/],
    [{ name: "no spaces" }, /name/],
    [{ colour: "red" }, /colour/],
    [
      { histograms: { score: { edges: [1, 1], counts: [1, 2, 3] } } },
      /histograms\.score\.edges: edges must ascend/,
    ],
    [{ histograms: { score: { edges: [1], counts: [1, 2, 3] } } }, /one more count than edges/],
    [{ histograms: { features: { c: { edges: [1], counts: [1, 2] } } } }, /histogram of "c"/],
    [{ golden: [{ input: [1], score: 0.2 }] }, /golden vector 1 has 1 values, not 2/],
    [
      {
        background: [
          [1, 2],
          [1, 2, 3],
        ],
      },
      /background row 2 has 3 values, not 2/,
    ],
    [{ golden: [{ input: ["1"], score: 1 }] }, /golden\.0\.input\.0/],
  ])("with %j is refused, saying where", (wrong, message) => {
    const document = { name: "m", features: ["a", "b"], ...wrong };
    expect(() => parseContract(document)).toThrow(message);
    expect(() => contractMetadata(document as never)).toThrow(message);
  });

  test("is refused with ECAP_MODEL_INVALID whatever it is, or is one", () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.object({ key: fc.constantFrom("name", "features", "golden", "histograms", "x") }),
        (any, near) => {
          for (const document of [any, { name: "m", features: ["a"], ...near }])
            try {
              expect(parseContract(document).features.length).toBeGreaterThan(0);
            } catch (error) {
              expect(error).toMatchObject({ code: "ECAP_MODEL_INVALID" });
            }
        },
      ),
    );
  });

  test("has to fit the graph: width, names and types of its inputs", () => {
    expect(() => readModelContract(described({ features: ["a"] }))).toThrow(
      "the model takes 2 columns and its contract names 1 features",
    );
    const inputs = [column("b"), column("a", "int64")];
    expect(() => readModelContract(described({}, { inputs }))).toThrow(
      'the model\'s input 1 is "b" and its contract\'s feature 1 is "a"',
    );
    expect(() => readModelContract(described({ features: typed("float32") }, { inputs }))).toThrow(
      'the feature "a" is float32 and the model\'s input "a" takes int64',
    );
    expect(
      readModelContract(described({ features: typed("int64") }, { inputs })).features,
    ).toHaveLength(2);
  });
});

describe("a scorer", () => {
  test("gives the features in the model's order and answers the positive class", async () => {
    const seen: unknown[] = [];
    const scorer = await scorerOf({ features: ["b", "a"], positiveLabel: "good" }, undefined, seen);
    expect(await scorer.score({ a: 1, b: 2, c: 3 })).toBeCloseTo(0.7, 9);
    expect(seen).toEqual([[2, 1]]);
    expect(await (await scorerOf({})).score({ a: 1, b: 2 })).toBe(0.3);
  });

  test("does with a missing value what the contract says", async () => {
    const seen: unknown[] = [];
    const features = [
      { name: "a", missing: 7 },
      { name: "b", missing: "nan" as const },
    ];
    await (await scorerOf({ features }, undefined, seen)).score({ a: Number.NaN });
    expect(seen).toEqual([[7, Number.NaN]]);
    await expect((await scorerOf({})).score({ a: 1 })).rejects.toMatchObject({
      code: "ECAP_MODEL_INPUT",
      message: 'the feature "b" is missing',
    });
  });

  test("says which features are not there, and lets go of the model", async () => {
    const runtime = fakeRuntime();
    const bytes = runtime.add({ description: described() });
    await expect(createScorer(runtime, bytes, ["a"])).rejects.toEqual(invalid(/not there: b/));
    expect(runtime.closed).toEqual(["0"]);
  });

  test("refuses a class the model does not have, several without a positive one, and a score that is none", async () => {
    const runtime = fakeRuntime();
    const evil = runtime.add({ description: described({ positiveLabel: "evil" }) });
    await expect(createScorer(runtime, evil, ["a", "b"])).rejects.toEqual(
      invalid(/no class "evil"/),
    );
    const three = runtime.add({ description: described({}, { labels: [0, 1, 2] }) });
    await expect(createScorer(runtime, three, ["a", "b"])).rejects.toEqual(
      invalid(/positiveLabel/),
    );
    const broken = runtime.add({ description: described(), score: () => Number.NaN });
    const scorer = await createScorer(runtime, broken, ["a", "b"]);
    await expect(scorer.score({ a: 1, b: 1 })).rejects.toEqual(invalid(/no score/));
  });

  test("is closed when nobody waits for it any more, and then answers nobody", async () => {
    const runtime = fakeRuntime();
    const answer: Array<(score: number) => void> = [];
    const asked = new Promise<number>((resolve) => {
      answer.push(resolve);
    });
    const bytes = runtime.add({ description: described(), score: () => asked });
    const scorer = await createScorer(runtime, bytes, ["a", "b"]);
    const score = scorer.score({ a: 1, b: 1 });
    const closed = scorer.close();
    await expect(scorer.score({ a: 1, b: 1 })).rejects.toMatchObject({
      code: "ECAP_STORAGE_CLOSED",
    });
    expect(runtime.closed).toEqual([]);
    answer[0]?.(0.9);
    expect(await score).toBe(0.9);
    await closed;
    expect(runtime.closed).toEqual(["0"]);
  });
});
