import type { onnx } from "onnx-proto";
import { attributesOf } from "./attributes.ts";

/** Trees as arrays over nodes; a leaf has no feature. */
export interface TreeEnsemble {
  readonly roots: readonly number[];
  /** −1 of a leaf. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly mode: ReadonlyArray<Comparison>;
  readonly yes: Int32Array;
  readonly no: Int32Array;
  /** Where a missing value goes. */
  readonly missingYes: Uint8Array;
  /** What a leaf adds to the column. */
  readonly value: Float64Array;
  readonly base: number;
}

type Comparison = (value: number, threshold: number) => boolean;

const comparisons: Readonly<Record<string, Comparison>> = {
  BRANCH_LEQ: (value, threshold) => value <= threshold,
  BRANCH_LT: (value, threshold) => value < threshold,
  BRANCH_GTE: (value, threshold) => value >= threshold,
  BRANCH_GT: (value, threshold) => value > threshold,
  BRANCH_EQ: (value, threshold) => value === threshold,
  BRANCH_NEQ: (value, threshold) => value !== threshold,
};

/**
 * What the trees of a TreeEnsembleClassifier or TreeEnsembleRegressor add to one column of scores before any transformation; undefined where an attribute is
 * not understood.
 *
 * @see https://onnx.ai/onnx/operators/onnx_aiml_TreeEnsembleClassifier.html
 */
export function readTreeEnsemble(node: onnx.INodeProto, column: number): TreeEnsemble | undefined {
  const { ints, floats, strings, string } = attributesOf(node);
  if (string("aggregate_function") !== undefined && string("aggregate_function") !== "SUM")
    return undefined;
  const kind = node.opType === "TreeEnsembleRegressor" ? "target" : "class";
  const trees = ints("nodes_treeids");
  const ids = ints("nodes_nodeids");
  const modes = strings("nodes_modes");
  const places = new Map(trees.map((tree, at) => [`${tree}/${ids[at]}`, at]));
  const at = (tree: number | undefined, id: number | undefined): number =>
    places.get(`${tree}/${id}`) ?? -1;
  const size = trees.length;
  const yes = ints("nodes_truenodeids");
  const no = ints("nodes_falsenodeids");
  const missing = ints("nodes_missing_value_tracks_true");
  const thresholds = floats("nodes_values");
  const features = ints("nodes_featureids");
  const value = new Float64Array(size);
  const targets = ints(`${kind}_ids`);
  const weights = floats(`${kind}_weights`);
  const leafTrees = ints(`${kind}_treeids`);
  const leafNodes = ints(`${kind}_nodeids`);
  // Two classes with weights of one only: these are of the second class, whatever its number.
  const oneSided = kind === "class" && new Set(targets).size === 1;
  weights.forEach((weight, i) => {
    const leaf = at(leafTrees[i], leafNodes[i]);
    if (leaf >= 0 && (oneSided || targets[i] === column)) value[leaf] = (value[leaf] ?? 0) + weight;
  });
  const comparison = modes.map((mode) => comparisons[mode]);
  if (modes.some((mode, i) => mode !== "LEAF" && comparison[i] === undefined)) return undefined;
  const bases = floats("base_values");
  const sign = oneSided && column === 0 ? -1 : 1;
  return {
    roots: rootsOf(trees),
    feature: Int32Array.from(features, (feature, i) => (modes[i] === "LEAF" ? -1 : feature)),
    threshold: Float64Array.from(thresholds),
    mode: comparison.map((each) => each ?? (() => false)),
    yes: Int32Array.from(yes, (id, i) => at(trees[i], id)),
    no: Int32Array.from(no, (id, i) => at(trees[i], id)),
    missingYes: Uint8Array.from(trees, (_, i) => missing[i] ?? 0),
    value: value.map((each) => sign * each),
    base: sign * (bases[oneSided ? bases.length - 1 : column] ?? 0),
  };
}

/** The first node of each tree is its root. */
function rootsOf(trees: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  return trees.flatMap((tree, at) => {
    if (seen.has(tree)) return [];
    seen.add(tree);
    return [at];
  });
}

/** The node that a row goes to from a branch. */
export function next(trees: TreeEnsemble, node: number, value: number): number {
  const { mode, threshold, yes, no, missingYes } = trees;
  const goesYes = Number.isNaN(value)
    ? missingYes[node] === 1
    : mode[node]?.(value, threshold[node] ?? 0) === true;
  return (goesYes ? yes[node] : no[node]) ?? -1;
}

/** What the ensemble says of columns. */
export function sumOf(trees: TreeEnsemble, columns: readonly number[]): number {
  let sum = trees.base;
  for (const root of trees.roots) {
    let node = root;
    for (let feature = trees.feature[node] ?? -1; feature >= 0; feature = trees.feature[node] ?? -1)
      node = next(trees, node, columns[feature] ?? Number.NaN);
    sum += trees.value[node] ?? 0;
  }
  return sum;
}
