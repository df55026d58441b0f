import type { ExactContributions, ModelTensor } from "@ecap/sdk";
import type { onnx } from "onnx-proto";
import { attributesOf } from "./attributes.ts";
import { type Column, columnsOf, valueOf } from "./columns.ts";
import { readTreeEnsemble, sumOf } from "./tree-ensemble.ts";
import { addTreeShap } from "./tree-shap.ts";

export type Explain = (question: {
  readonly row: readonly number[];
  readonly background: ReadonlyArray<readonly number[]>;
}) => ExactContributions;

/** How a model's score follows from what its trees or coefficients add up to. */
interface Additive {
  readonly space: ExactContributions["space"];
  readonly explain: Explain;
}

const treeNodes = new Set(["TreeEnsembleClassifier", "TreeEnsembleRegressor"]);
const linearNodes = new Set(["LinearClassifier", "LinearRegressor"]);
/** After these a score is what it was; after a clip too, but for what it cuts off, which whoever compares the sum with the score sees. */
const neutral = new Set(["Identity", "Cast", "Clip", "ZipMap", "Normalizer"]);

/** Exact contributions to one column of a model's scores, where its graph is one tree ensemble or one linear model on its inputs, scaled at most; else undefined. */
export function explainerOf(
  graph: onnx.IGraphProto,
  inputs: readonly ModelTensor[],
  column: number,
): Explain | undefined {
  const nodes = graph.node ?? [];
  const models = nodes.filter(
    ({ opType }) => treeNodes.has(opType ?? "") || linearNodes.has(opType ?? ""),
  );
  const [node] = models;
  if (node === undefined || models.length > 1) return undefined;
  if (!leadsToScores(graph, node)) return undefined;
  const columns = columnsOf(node.input?.[0] ?? "", { graph, inputs });
  if (columns === undefined) return undefined;
  const space = spaceOf(node);
  if (space === undefined) return undefined;
  const made = treeNodes.has(node.opType ?? "")
    ? ofTrees(node, column, columns, space)
    : ofLinear(node, column, columns, space);
  return made?.explain;
}

/** Whether nothing but what leaves scores as they are comes after the node. */
function leadsToScores({ node: nodes }: onnx.IGraphProto, model: onnx.INodeProto): boolean {
  const reached = new Set(model.output ?? []);
  for (const node of nodes ?? []) {
    if (node === model || !(node.input ?? []).some((name) => reached.has(name))) continue;
    if (!neutral.has(node.opType ?? "")) return false;
    for (const output of node.output ?? []) reached.add(output);
  }
  return true;
}

function spaceOf(node: onnx.INodeProto): ExactContributions["space"] | undefined {
  const transform = attributesOf(node).string("post_transform") ?? "NONE";
  if (transform === "NONE") return "score";
  return transform === "LOGISTIC" ? "log-odds" : undefined;
}

function ofTrees(
  node: onnx.INodeProto,
  column: number,
  columns: readonly Column[],
  space: ExactContributions["space"],
): Additive | undefined {
  const trees = readTreeEnsemble(node, column);
  if (trees === undefined) return undefined;
  const given = (row: readonly number[]): readonly number[] =>
    columns.map((each) => valueOf(each, row));
  return {
    space,
    explain({ row, background }) {
      const own = given(row);
      const ofColumns = new Float64Array(columns.length);
      let base = 0;
      for (const other of background.map(given)) {
        addTreeShap(trees, { row: own, background: other }, ofColumns);
        base += sumOf(trees, other) / background.length;
      }
      const contributions = row.map(() => 0);
      columns.forEach(({ feature }, i) => {
        contributions[feature] =
          (contributions[feature] ?? 0) + (ofColumns[i] ?? 0) / background.length;
      });
      return { method: "trees", space, base, contributions };
    },
  };
}

function ofLinear(
  node: onnx.INodeProto,
  column: number,
  columns: readonly Column[],
  space: ExactContributions["space"],
): Additive | undefined {
  const { floats } = attributesOf(node);
  const all = floats("coefficients");
  const { length: width } = columns;
  const rows = all.length / width;
  if (!Number.isInteger(rows) || rows < 1) return undefined;
  const from = rows === 1 ? 0 : column;
  const sign = rows === 1 && column === 0 && node.opType === "LinearClassifier" ? -1 : 1;
  const coefficients = all.slice(from * width, (from + 1) * width).map((each) => sign * each);
  const intercept = sign * (floats("intercepts")[from] ?? 0);
  return {
    space,
    explain({ row, background }) {
      const contributions = row.map(() => 0);
      let base = intercept;
      columns.forEach((each, i) => {
        const coefficient = coefficients[i] ?? 0;
        const usual =
          background.reduce((sum, other) => sum + valueOf(each, other), 0) / background.length;
        base += coefficient * usual;
        contributions[each.feature] =
          (contributions[each.feature] ?? 0) + coefficient * (valueOf(each, row) - usual);
      });
      return { method: "linear", space, base, contributions };
    },
  };
}
