import { contractMetadata, type ModelContractInput } from "@ecap/sdk/models";
import type { onnx as Onnx } from "onnx-proto";
import type { LayerWeights } from "./network.ts";
import { farthest, type Scaling } from "./scaling.ts";

const float = 1;
const int64 = 7;

/**
 * Scaling and layers as one ONNX graph of opset 17: `features` [N, width] → `label` [N] and `probabilities` [N, 2]. A missing value (NaN) becomes the
 * feature's mean.
 */
export async function networkToOnnx(
  layers: readonly LayerWeights[],
  { mean, deviation }: Scaling,
  contract: ModelContractInput,
): Promise<Uint8Array> {
  const {
    default: { onnx },
  } = await import("onnx-proto");
  const width = mean.length;
  const weights: Onnx.ITensorProto[] = [
    floats("mean", [width], mean),
    floats("deviation", [width], deviation),
    floats("lowest", [], Float32Array.of(-farthest)),
    floats("highest", [], Float32Array.of(farthest)),
    floats("one", [], Float32Array.of(1)),
    floats("half", [], Float32Array.of(0.5)),
    { name: "row", dims: [1], dataType: int64, int64Data: [-1] },
  ];
  const nodes: Onnx.INodeProto[] = [
    node("IsNaN", ["features"], "missing"),
    node("Where", ["missing", "mean", "features"], "filled"),
    node("Sub", ["filled", "mean"], "centred"),
    node("Div", ["centred", "deviation"], "divided"),
    node("Clip", ["divided", "lowest", "highest"], "layer0"),
  ];
  layers.forEach(({ inputs, outputs, kernel, bias }, at) => {
    weights.push(
      floats(`kernel${at}`, [inputs, outputs], kernel),
      floats(`bias${at}`, [outputs], bias),
    );
    const isLast = at === layers.length - 1;
    const sum = isLast ? "logit" : `sum${at}`;
    nodes.push(node("Gemm", [`layer${at}`, `kernel${at}`, `bias${at}`], sum));
    if (!isLast) nodes.push(node("Relu", [sum], `layer${at + 1}`));
  });
  nodes.push(
    node("Sigmoid", ["logit"], "positive"),
    node("Sub", ["one", "positive"], "negative"),
    {
      opType: "Concat",
      input: ["negative", "positive"],
      output: ["probabilities"],
      attribute: [{ name: "axis", type: onnx.AttributeProto.AttributeType.INT, i: 1 }],
    },
    node("GreaterOrEqual", ["positive", "half"], "isPositive"),
    {
      opType: "Cast",
      input: ["isPositive"],
      output: ["labelColumn"],
      attribute: [{ name: "to", type: onnx.AttributeProto.AttributeType.INT, i: int64 }],
    },
    node("Reshape", ["labelColumn", "row"], "label"),
  );
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: "ecap",
    opsetImport: [{ domain: "", version: 17 }],
    metadataProps: Object.entries(contractMetadata(contract)).map(([key, value]) => ({
      key,
      value,
    })),
    graph: {
      name: contract.name,
      node: nodes,
      initializer: weights,
      input: [tensor("features", float, ["N", width])],
      output: [tensor("label", int64, ["N"]), tensor("probabilities", float, ["N", 2])],
    },
  }).finish();
}

function node(opType: string, input: string[], output: string): Onnx.INodeProto {
  return { opType, input, output: [output] };
}

function floats(name: string, dims: number[], values: Float32Array): Onnx.ITensorProto {
  // A copy of its own: the values may be a view into a larger buffer, and the file is little-endian as every machine that runs Node.
  return { name, dims, dataType: float, rawData: new Uint8Array(values.slice().buffer) };
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
