import onnxProto, { type onnx as Onnx } from "onnx-proto";
import { describe, expect, it } from "vitest";
import { onnxModelRuntime } from "../src/index.ts";
import { linear, modelOf } from "./onnx-models.ts";

const { TENSOR } = onnxProto.onnx.AttributeProto.AttributeType;
const { EXTERNAL } = onnxProto.onnx.TensorProto.DataLocation;

const input = (elemType: number): Onnx.IValueInfoProto => ({
  name: "x",
  type: { tensorType: { elemType, shape: { dim: [{ dimParam: "N" }, { dimValue: 1 }] } } },
});
const output = { ...input(1), name: "y" };
const identity = (more: Partial<Onnx.IGraphProto> = {}): Onnx.IGraphProto => ({
  node: [{ opType: "Identity", input: ["x"], output: ["y"] }],
  input: [input(1)],
  output: [output],
  ...more,
});
const inner = (tensor: Onnx.ITensorProto): Onnx.IGraphProto =>
  identity({
    node: [
      {
        opType: "Constant",
        output: ["c"],
        attribute: [{ name: "value", type: TENSOR, t: tensor }],
      },
      { opType: "Add", input: ["x", "c"], output: ["y"] },
    ],
  });
const external: Onnx.ITensorProto = {
  name: "weights",
  dataType: 1,
  dims: [1],
  dataLocation: EXTERNAL,
  externalData: [{ key: "location", value: "../../etc/hostname" }],
};

describe("a file that is no usable model is refused with the reason", () => {
  const refused: ReadonlyArray<readonly [string, Uint8Array, RegExp]> = [
    ["nothing at all", new Uint8Array(), /0 bytes/],
    ["text", new TextEncoder().encode("a pickle, say"), /no ONNX file|no graph/],
    ["a part of a model", linear().slice(0, 60), /cannot be used/],
    ["a graph of no nodes", modelOf(identity({ node: [] })), /no graph/],
    ["text as input", modelOf(identity({ input: [input(8)] })), /input "x" takes no numbers/],
    ["half precision as input", modelOf(identity({ input: [input(10)] })), /takes no numbers/],
    [
      "an operator set of the future",
      modelOf(identity(), { opsetImport: [{ domain: "", version: 99 }] }),
      /opset 99|[Oo]pset/,
    ],
    [
      "an operator nobody knows",
      modelOf(identity({ node: [{ opType: "Guess", input: ["x"], output: ["y"] }] })),
      /Guess/,
    ],
    [
      "weights in another file",
      modelOf(identity({ initializer: [external] })),
      /"weights" is kept in another file/,
    ],
    ["a constant in another file", modelOf(inner(external)), /"weights" is kept in another file/],
    [
      "an input that leads nowhere",
      modelOf(identity({ node: [{ opType: "Identity", input: ["z"], output: ["y"] }] })),
      /cannot be used/,
    ],
  ];
  const runtime = onnxModelRuntime();
  it.each(refused)("%s", async (_name, bytes, reason) => {
    await expect(runtime.load(bytes)).rejects.toMatchObject({
      code: "ECAP_MODEL_INVALID",
      message: expect.stringMatching(reason),
    });
  });
});
