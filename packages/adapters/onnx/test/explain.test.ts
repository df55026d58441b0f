import { createScorer, explainScore } from "@ecap/sdk/models";
import * as fc from "fast-check";
import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { next, readTreeEnsemble, sumOf, type TreeEnsemble } from "../src/explain/tree-ensemble.ts";
import { addTreeShap } from "../src/explain/tree-shap.ts";
import { onnxModelRuntime } from "../src/index.ts";
import { tree } from "./onnx-models.ts";

const width = 5;

interface Grown {
  readonly feature: number;
  readonly threshold: number;
  readonly value: number;
  readonly below?: Grown;
  readonly above?: Grown;
}

const grown = fc.letrec<{ tree: Grown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.record({
      feature: fc.constant(-1),
      threshold: fc.constant(0),
      value: fc.integer({ min: -9, max: 9 }),
    }),
    fc.record({
      feature: fc.nat(width - 1),
      threshold: fc.integer({ min: -2, max: 2 }),
      value: fc.constant(0),
      below: tie("tree"),
      above: tie("tree"),
    }),
  ),
})).tree;

/** The trees as the ONNX node that holds them. */
function nodeOf(trees: readonly Grown[]) {
  const { FLOATS, INTS, STRINGS } = onnxProto.onnx.AttributeProto.AttributeType;
  const flat = {
    treeids: [] as number[],
    nodeids: [] as number[],
    featureids: [] as number[],
    values: [] as number[],
    modes: [] as string[],
    truenodeids: [] as number[],
    falsenodeids: [] as number[],
  };
  const leaves = { trees: [] as number[], nodes: [] as number[], weights: [] as number[] };
  trees.forEach((root, treeid) => {
    let count = 0;
    const visit = ({ feature, threshold, value, below, above }: Grown): number => {
      const id = count;
      count += 1;
      const at = flat.treeids.length;
      flat.treeids.push(treeid);
      flat.nodeids.push(id);
      flat.featureids.push(Math.max(0, feature));
      flat.values.push(threshold);
      flat.modes.push(below === undefined ? "LEAF" : "BRANCH_LEQ");
      flat.truenodeids.push(0);
      flat.falsenodeids.push(0);
      if (below !== undefined && above !== undefined) {
        flat.truenodeids[at] = visit(below);
        flat.falsenodeids[at] = visit(above);
      } else {
        leaves.trees.push(treeid);
        leaves.nodes.push(id);
        leaves.weights.push(value);
      }
      return id;
    };
    visit(root);
  });
  const ints = (name: string, values: number[]) => ({ name, type: INTS, ints: values });
  return {
    opType: "TreeEnsembleRegressor",
    attribute: [
      ...(["treeids", "nodeids", "featureids", "truenodeids", "falsenodeids"] as const).map(
        (name) => ints(`nodes_${name}`, flat[name]),
      ),
      { name: "nodes_values", type: FLOATS, floats: flat.values },
      {
        name: "nodes_modes",
        type: STRINGS,
        strings: flat.modes.map((mode) => new TextEncoder().encode(mode)),
      },
      ints("target_treeids", leaves.trees),
      ints("target_nodeids", leaves.nodes),
      ints(
        "target_ids",
        leaves.weights.map(() => 0),
      ),
      { name: "target_weights", type: FLOATS, floats: leaves.weights },
    ],
  };
}

/** Shapley values by their definition: over every coalition. */
function byDefinition(
  trees: TreeEnsemble,
  row: readonly number[],
  background: readonly number[],
): readonly number[] {
  const factorial = (k: number): number => (k < 2 ? 1 : k * factorial(k - 1));
  const of = (coalition: number): number =>
    sumOf(
      trees,
      row.map((own, i) => ((coalition >> i) & 1 ? own : (background[i] ?? 0))),
    );
  return row.map((_, i) => {
    let sum = 0;
    for (let coalition = 0; coalition < 1 << width; coalition += 1) {
      if ((coalition >> i) & 1) continue;
      const size = coalition.toString(2).replaceAll("0", "").length;
      const share = (factorial(size) * factorial(width - size - 1)) / factorial(width);
      sum += share * (of(coalition | (1 << i)) - of(coalition));
    }
    return sum;
  });
}

const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN)), {
  minLength: width,
  maxLength: width,
});

describe("contributions", () => {
  it("of trees are the Shapley values by definition, missing values and repeated features among them", () => {
    fc.assert(
      fc.property(
        fc.array(grown, { minLength: 1, maxLength: 4 }),
        values,
        values,
        (grownTrees, row, background) => {
          const trees = readTreeEnsemble(nodeOf(grownTrees), 0);
          if (trees === undefined) throw new Error("not read");
          const found = new Float64Array(width);
          addTreeShap(trees, { row, background }, found);
          byDefinition(trees, row, background).forEach((exact, i) => {
            expect(found[i]).toBeCloseTo(exact, 9);
          });
        },
      ),
    );
    expect(typeof next).toBe("function");
  });

  it("of a classifier add up to the log-odds of its score, and samples agree", async () => {
    const golden = [
      { input: [0.9, 0], score: 0.9 },
      { input: [0.1, 0], score: 0.2 },
    ];
    const sideFile = { name: "m", features: ["a", "b"], golden };
    const bytes = tree({ labels: [0, 1], zipMap: true });
    const scorer = await createScorer(onnxModelRuntime(), bytes, ["a", "b"], sideFile);
    const exact = await explainScore(scorer, { a: 0.9, b: 3 });
    expect(exact).toMatchObject({ method: "trees", space: "log-odds" });
    expect(exact.contributions[0]).toMatchObject({ feature: "a", value: 0.9 });
    const sum = exact.contributions.reduce((total, each) => total + each.contribution, exact.base);
    expect(sum).toBeCloseTo(Math.log(0.9 / 0.1), 5);
    const sampled = await explainScore(
      scorer,
      { a: 0.9, b: 3 },
      { method: "sampled", space: "log-odds" },
    );
    expect(sampled.method).toBe("sampled");
    for (const { feature, contribution } of exact.contributions)
      expect(
        sampled.contributions.find((each) => each.feature === feature)?.contribution,
      ).toBeCloseTo(contribution, 4);
    await scorer.close();
  });
});
