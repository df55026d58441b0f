import { contractMetadata, type ModelContractInput } from "@ecap/sdk/models";
import type { onnx as Onnx } from "onnx-proto";
import type { FittedTrees } from "./fit.ts";
import type { Tree } from "./grow-tree.ts";

const lowest = -3.4028234663852886e38;

/**
 * The trees as one `TreeEnsembleClassifier` of ai.onnx.ml 3: `features` [N, width] → `label` [N] and `probabilities` [N, 2]. Missing values (NaN) take
 * the way of the smallest.
 *
 * @see https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html
 */
export async function treesToOnnx(
  { trees, binned: { edges }, base, isLogOdds }: FittedTrees,
  contract: ModelContractInput,
): Promise<Uint8Array> {
  const {
    default: { onnx },
  } = await import("onnx-proto");
  const { FLOATS, INTS, STRINGS, STRING } = onnx.AttributeProto.AttributeType;
  const ints = (name: string, values: number[]): Onnx.IAttributeProto => ({
    name,
    type: INTS,
    ints: values,
  });
  const floats = (name: string, values: number[]): Onnx.IAttributeProto => ({
    name,
    type: FLOATS,
    floats: values,
  });
  const [branch, leaf] = [text("BRANCH_LEQ"), text("LEAF")];
  const nodes = trees.flatMap((tree, id) => nodesOf(tree, id, edges));
  const leaves = nodes.filter(({ feature }) => feature < 0);
  const node: Onnx.INodeProto = {
    opType: "TreeEnsembleClassifier",
    domain: "ai.onnx.ml",
    input: ["features"],
    output: ["label", isLogOdds ? "probabilities" : "sums"],
    attribute: [
      ints("classlabels_int64s", [0, 1]),
      ints(
        "nodes_treeids",
        nodes.map(({ tree }) => tree),
      ),
      ints(
        "nodes_nodeids",
        nodes.map((each) => each.node),
      ),
      ints(
        "nodes_featureids",
        nodes.map(({ feature }) => Math.max(feature, 0)),
      ),
      floats(
        "nodes_values",
        nodes.map(({ threshold }) => threshold),
      ),
      {
        name: "nodes_modes",
        type: STRINGS,
        strings: nodes.map(({ feature }) => (feature < 0 ? leaf : branch)),
      },
      ints(
        "nodes_truenodeids",
        nodes.map(({ below }) => below),
      ),
      ints(
        "nodes_falsenodeids",
        nodes.map(({ above }) => above),
      ),
      ints(
        "nodes_missing_value_tracks_true",
        nodes.map(({ feature }) => (feature < 0 ? 0 : 1)),
      ),
      ints(
        "class_treeids",
        leaves.map(({ tree }) => tree),
      ),
      ints(
        "class_nodeids",
        leaves.map((each) => each.node),
      ),
      // One class with weights makes it a binary classifier of that score.
      ints(
        "class_ids",
        leaves.map(() => 0),
      ),
      floats(
        "class_weights",
        leaves.map(({ value }) => value),
      ),
      ...(isLogOdds ? [floats("base_values", [base])] : []),
      { name: "post_transform", type: STRING, s: text(isLogOdds ? "LOGISTIC" : "NONE") },
    ],
  };
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: "ecap",
    opsetImport: [
      { domain: "", version: 17 },
      { domain: "ai.onnx.ml", version: 3 },
    ],
    metadataProps: Object.entries(contractMetadata(contract)).map(([key, value]) => ({
      key,
      value,
    })),
    graph: {
      name: contract.name,
      ...(isLogOdds ? { node: [node] } : clipped(node)),
      input: [tensor("features", 1, ["N", contract.features.length])],
      output: [tensor("label", 7, ["N"]), tensor("probabilities", 1, ["N", 2])],
    },
  }).finish();
}

/** Sums of shares in single precision may be a hair past 1. */
function clipped(node: Onnx.INodeProto): Pick<Onnx.IGraphProto, "node" | "initializer"> {
  const clip = { opType: "Clip", input: ["sums", "zero", "one"], output: ["probabilities"] };
  return {
    node: [node, clip],
    initializer: [
      { name: "zero", dims: [], dataType: 1, floatData: [0] },
      { name: "one", dims: [], dataType: 1, floatData: [1] },
    ],
  };
}

function nodesOf(tree: Tree, id: number, edges: FittedTrees["binned"]["edges"]) {
  return tree.feature.map((feature, node) => {
    const bin = tree.bin[node] ?? 0;
    return {
      tree: id,
      node,
      feature,
      // Bin 0 holds the missing values alone: nothing else is below the lowest number.
      threshold: feature < 0 ? 0 : bin === 0 ? lowest : (edges[feature]?.[bin - 1] ?? 0),
      below: tree.below[node] ?? 0,
      above: tree.above[node] ?? 0,
      value: tree.value[node] ?? 0,
    };
  });
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function tensor(
  name: string,
  elemType: number,
  shape: ReadonlyArray<number | string>,
): Onnx.IValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size },
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
