import onnxProto, { type onnx as Onnx } from "onnx-proto";

const { onnx } = onnxProto;
const { FLOATS, INTS, STRINGS, STRING, INT, GRAPH } = onnx.AttributeProto.AttributeType;
const elementTypes = { float32: 1, int64: 7, string: 8 } as const;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const floats = (name: string, values: number[]) => ({ name, type: FLOATS, floats: values });
const ints = (name: string, values: number[]) => ({ name, type: INTS, ints: values });
const strings = (name: string, values: string[]) => ({
  name,
  type: STRINGS,
  strings: values.map(text),
});

function tensor(
  name: string,
  type: keyof typeof elementTypes,
  shape: ReadonlyArray<number | string>,
): Onnx.IValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dimValue: size } : { dimParam: size },
  );
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}

export function modelOf(graph: Onnx.IGraphProto, more: Onnx.IModelProto = {}): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: "ecap-test",
    producerVersion: "1",
    opsetImport: [
      { domain: "", version: 17 },
      { domain: "ai.onnx.ml", version: 3 },
    ],
    metadataProps: [{ key: "purpose", value: "contract" }],
    graph: { name: "g", ...graph },
    ...more,
  }).finish();
}

/** `2a − b + 0.5` by Gemm. */
export function linear(): Uint8Array {
  return modelOf({
    node: [{ opType: "Gemm", input: ["x", "w", "b"], output: ["y"] }],
    initializer: [
      { name: "w", dataType: 1, dims: [2, 1], floatData: [2, -1] },
      { name: "b", dataType: 1, dims: [1], floatData: [0.5] },
    ],
    input: [tensor("x", "float32", ["N", 2])],
    output: [tensor("y", "float32", ["N", 1])],
  });
}

/** Class 1 with 0.9 where the first feature is above 0.5, else with 0.2. */
export function tree({
  labels,
  zipMap,
}: {
  labels: number[] | string[];
  zipMap: boolean;
}): Uint8Array {
  const isText = typeof labels[0] === "string";
  const classLabels = isText
    ? strings("classlabels_strings", labels.map(String))
    : ints("classlabels_int64s", labels.map(Number));
  const zipped: Onnx.IValueInfoProto = {
    name: "output_probability",
    type: {
      sequenceType: {
        elemType: {
          mapType: { keyType: isText ? 8 : 7, valueType: { tensorType: { elemType: 1 } } },
        },
      },
    },
  };
  return modelOf({
    node: [
      {
        opType: "TreeEnsembleClassifier",
        domain: "ai.onnx.ml",
        input: ["x"],
        output: ["label", "probabilities"],
        attribute: [
          classLabels,
          ints("nodes_treeids", [0, 0, 0]),
          ints("nodes_nodeids", [0, 1, 2]),
          ints("nodes_featureids", [0, 0, 0]),
          floats("nodes_values", [0.5, 0, 0]),
          strings("nodes_modes", ["BRANCH_LEQ", "LEAF", "LEAF"]),
          ints("nodes_truenodeids", [1, 0, 0]),
          ints("nodes_falsenodeids", [2, 0, 0]),
          ints("class_treeids", [0, 0]),
          ints("class_nodeids", [1, 2]),
          ints("class_ids", [0, 0]),
          floats("class_weights", [Math.log(0.2 / 0.8), Math.log(0.9 / 0.1)]),
          { name: "post_transform", type: STRING, s: text("LOGISTIC") },
        ],
      },
      ...(zipMap
        ? [
            {
              opType: "ZipMap",
              domain: "ai.onnx.ml",
              input: ["probabilities"],
              output: ["output_probability"],
              attribute: [classLabels],
            },
          ]
        : []),
    ],
    input: [tensor("x", "float32", ["N", 2])],
    output: [
      tensor("label", isText ? "string" : "int64", ["N"]),
      zipMap ? zipped : tensor("probabilities", "float32", ["N", labels.length]),
    ],
  });
}

/** int64 in, the same as float32 out. */
export function wholeNumbers(): Uint8Array {
  return modelOf({
    node: [
      { opType: "Cast", input: ["x"], output: ["y"], attribute: [{ name: "to", type: INT, i: 1 }] },
    ],
    input: [tensor("x", "int64", ["N", 2])],
    output: [tensor("y", "float32", ["N", 2])],
  });
}

/** Two inputs of one column each, as skl2onnx makes them of a data frame: `a − b`. */
export function columns(): Uint8Array {
  return modelOf({
    node: [{ opType: "Sub", input: ["a", "b"], output: ["y"] }],
    input: [tensor("a", "float32", ["N", 1]), tensor("b", "float32", ["N", 1])],
    output: [tensor("y", "float32", ["N", 1])],
  });
}

const scalar = (name: string, dataType: number, value: number | bigint): Onnx.ITensorProto =>
  dataType === 7
    ? { name, dataType, dims: [], int64Data: [Number(value)] }
    : { name, dataType, dims: [], int32Data: [Number(value)] };

/** Adds 1 to its feature as often as `times` says: as slow as one likes. */
export function counting(times: number): Uint8Array {
  const body: Onnx.IGraphProto = {
    name: "body",
    node: [
      { opType: "Identity", input: ["going"], output: ["goes"] },
      { opType: "Add", input: ["sum", "one"], output: ["next"] },
    ],
    input: [
      tensor("round", "int64", []),
      tensorOfBool("going"),
      tensor("sum", "float32", ["N", 1]),
    ],
    output: [tensorOfBool("goes"), tensor("next", "float32", ["N", 1])],
  };
  return modelOf({
    node: [
      {
        opType: "Loop",
        input: ["times", "true", "x"],
        output: ["y"],
        attribute: [{ name: "body", type: GRAPH, g: body }],
      },
    ],
    initializer: [
      scalar("times", 7, times),
      scalar("true", 9, 1),
      { name: "one", dataType: 1, dims: [1], floatData: [1] },
    ],
    input: [tensor("x", "float32", ["N", 1])],
    output: [tensor("y", "float32", ["N", 1])],
  });
}

/** Large products of matrices, and no loop: as slow for one row as for any other. */
export function heavy(size: number, products: number): Uint8Array {
  // From the row, or it would be done once, when the model is loaded.
  const node: Onnx.INodeProto[] = [{ opType: "Expand", input: ["x", "shape"], output: ["m0"] }];
  for (let i = 0; i < products; i += 1)
    node.push({ opType: "MatMul", input: [`m${i}`, "m0"], output: [`m${i + 1}`] });
  node.push({ opType: "ReduceSum", input: [`m${products}`], output: ["all"] });
  node.push({ opType: "Add", input: ["x", "all"], output: ["y"] });
  return modelOf({
    node,
    initializer: [{ name: "shape", dataType: 7, dims: [2], int64Data: [size, size] }],
    input: [tensor("x", "float32", ["N", 1])],
    output: [tensor("y", "float32", ["N", 1])],
  });
}

function tensorOfBool(name: string): Onnx.IValueInfoProto {
  return { name, type: { tensorType: { elemType: 9, shape: { dim: [] } } } };
}
