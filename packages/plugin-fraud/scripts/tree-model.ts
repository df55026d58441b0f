import { contractMetadata, type ModelContractInput } from "@ecap/sdk/models";
import onnxProto, { type onnx as Onnx } from "onnx-proto";
import type { BoostedTrees, TreeNode } from "./boosted-trees.ts";

const { onnx } = onnxProto;
const { FLOATS, INTS, STRINGS, STRING } = onnx.AttributeProto.AttributeType;

/** What the model says of itself: its contract, with the names of its columns in their order. */
export type ModelIdentity = Omit<ModelContractInput, "features" | "positiveLabel"> & {
  readonly version: string;
  readonly features: readonly string[];
};

interface FlatTrees {
  readonly treeIds: number[];
  readonly nodeIds: number[];
  readonly features: number[];
  readonly thresholds: number[];
  readonly modes: string[];
  readonly below: number[];
  readonly above: number[];
  readonly leafTrees: number[];
  readonly leafNodes: number[];
  readonly weights: number[];
}

/** The trees as an ONNX classifier with the outputs `label` [N] and `probabilities` [N, 2]; what the platform must know of it stands in its metadata. */
export function toOnnx({ base, trees }: BoostedTrees, identity: ModelIdentity): Uint8Array {
  const flat = flatten(trees);
  const metadata = contractMetadata({
    ...identity,
    // What is not known of a payment, as where it names no address, is no reason to give no score.
    features: identity.features.map((name) => ({ name, missing: "nan" as const })),
    positiveLabel: 1,
  });
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: "ecap",
    producerVersion: identity.version,
    opsetImport: [
      { domain: "", version: 17 },
      { domain: "ai.onnx.ml", version: 3 },
    ],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: identity.name,
      node: [
        {
          opType: "TreeEnsembleClassifier",
          domain: "ai.onnx.ml",
          input: ["features"],
          output: ["label", "probabilities"],
          attribute: [
            ints("classlabels_int64s", [0, 1]),
            ints("nodes_treeids", flat.treeIds),
            ints("nodes_nodeids", flat.nodeIds),
            ints("nodes_featureids", flat.features),
            floats("nodes_values", flat.thresholds),
            { name: "nodes_modes", type: STRINGS, strings: flat.modes.map(text) },
            ints("nodes_truenodeids", flat.below),
            ints("nodes_falsenodeids", flat.above),
            ints("class_treeids", flat.leafTrees),
            ints("class_nodeids", flat.leafNodes),
            // One class with weights makes it a binary classifier: they are the log-odds of the positive class.
            ints(
              "class_ids",
              flat.leafNodes.map(() => 0),
            ),
            floats("class_weights", flat.weights),
            floats("base_values", [base]),
            { name: "post_transform", type: STRING, s: text("LOGISTIC") },
          ],
        },
      ],
      input: [tensor("features", 1, ["N", identity.features.length])],
      output: [tensor("label", 7, ["N"]), tensor("probabilities", 1, ["N", 2])],
    },
  }).finish();
}

function flatten(trees: readonly TreeNode[]): FlatTrees {
  const flat: FlatTrees = {
    treeIds: [],
    nodeIds: [],
    features: [],
    thresholds: [],
    modes: [],
    below: [],
    above: [],
    leafTrees: [],
    leafNodes: [],
    weights: [],
  };
  trees.forEach((root, tree) => {
    let nodes = 0;
    const visit = (node: TreeNode): number => {
      const id = nodes;
      nodes += 1;
      const at = flat.treeIds.length;
      const isBranch = "feature" in node;
      flat.treeIds.push(tree);
      flat.nodeIds.push(id);
      flat.features.push(isBranch ? node.feature : 0);
      flat.thresholds.push(isBranch ? node.threshold : 0);
      flat.modes.push(isBranch ? "BRANCH_LEQ" : "LEAF");
      flat.below.push(0);
      flat.above.push(0);
      if (isBranch) {
        flat.below[at] = visit(node.below);
        flat.above[at] = visit(node.above);
      } else {
        flat.leafTrees.push(tree);
        flat.leafNodes.push(id);
        flat.weights.push(node.value);
      }
      return id;
    };
    visit(root);
  });
  return flat;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function ints(name: string, values: number[]): Onnx.IAttributeProto {
  return { name, type: INTS, ints: values };
}

function floats(name: string, values: number[]): Onnx.IAttributeProto {
  return { name, type: FLOATS, floats: values };
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
