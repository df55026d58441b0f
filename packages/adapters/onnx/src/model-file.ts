import { EcapError, type ModelDescription, type ModelTensor } from "@ecap/sdk";
import type { onnx } from "onnx-proto";
import { externalTensor, repeats } from "./graph-walk.ts";

/** What is read from an ONNX file itself, and the bytes a session can run. */
export interface ModelFile {
  readonly bytes: Uint8Array;
  readonly description: ModelDescription;
  /** The output with one label a row, where there is one. */
  readonly labelOutput: string | undefined;
  /** Outputs whose columns are the scores, in order. */
  readonly scoreOutputs: readonly string[];
  /** Whether it works as often as a row's values say, so that one row can take longer than another. */
  readonly repeats: boolean;
  readonly graph: onnx.IGraphProto;
}

const maxModelBytes = 1024 * 1024 * 1024;

/**
 * Reads what onnxruntime does not tell (metadata, producer, opsets, class labels) and takes out ZipMap, whose maps it cannot return: the
 * probabilities come out as the tensor that ZipMap was given.
 *
 * @see https://github.com/onnx/onnx/blob/main/docs/IR.md
 */
export async function readModelFile(bytes: Uint8Array): Promise<ModelFile> {
  const { default: proto } = await import("onnx-proto");
  const model = decode(proto.onnx.ModelProto, bytes);
  const graph = model.graph;
  if (graph === null || graph === undefined || (graph.node ?? []).length === 0) {
    throw invalid("it holds no graph");
  }
  const external = externalTensor(model);
  if (external !== undefined)
    throw invalid(
      `its tensor "${external}" is kept in another file; save it with all its weights inside`,
    );
  const labels = labelsOf(graph.node ?? []);
  const stripped = stripZipMaps(graph, labels?.length);
  const weights = new Set((graph.initializer ?? []).map((tensor) => tensor.name));
  const inputs = (graph.input ?? []).filter(({ name }) => !weights.has(name)).map(requiredTensor);
  const outputs = (graph.output ?? []).flatMap((output) => tensorOf(output) ?? []);
  if (inputs.length === 0 || outputs.length === 0)
    throw invalid("it has no tensor input or output");
  const kinds = classify(outputs, graph.node ?? []);
  return {
    // Only a changed model is written again: this reader may not know all that a newer file holds.
    bytes: stripped ? proto.onnx.ModelProto.encode(model).finish() : bytes,
    description: {
      inputs,
      outputs,
      metadata: Object.fromEntries(
        (model.metadataProps ?? []).map(({ key, value }) => [key ?? "", value ?? ""]),
      ),
      producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
      opsets: Object.fromEntries(
        (model.opsetImport ?? []).map(({ domain, version }) => [
          domain === null || domain === undefined || domain === "" ? "ai.onnx" : domain,
          toNumber(version),
        ]),
      ),
      labels,
    },
    repeats: repeats(model),
    graph,
    ...kinds,
  };
}

function decode(type: typeof onnx.ModelProto, bytes: Uint8Array): onnx.ModelProto {
  if (bytes.length === 0 || bytes.length > maxModelBytes) {
    throw invalid(`it has ${bytes.length} bytes`);
  }
  try {
    return type.decode(bytes);
  } catch (error) {
    throw invalid("it is no ONNX file", error);
  }
}

export function invalid(why: string, cause?: unknown): EcapError {
  return new EcapError("ECAP_MODEL_INVALID", `the model cannot be used: ${why}`, { cause });
}

const labelAttributes = [
  "classlabels_int64s",
  "classlabels_ints",
  "classlabels_strings",
  "classlabels_string",
];

/** Class labels are attributes of ZipMap and of the classifier nodes of ai.onnx.ml. */
function labelsOf(nodes: readonly onnx.INodeProto[]): ReadonlyArray<string | number> | undefined {
  const ordered = [
    ...nodes.filter(({ opType }) => opType === "ZipMap"),
    ...nodes.filter(({ opType }) => opType !== "ZipMap"),
  ];
  for (const { attribute } of ordered) {
    for (const { name, ints, strings } of attribute ?? []) {
      if (name === null || name === undefined || !labelAttributes.includes(name)) continue;
      if (ints && ints.length > 0) return ints.map((each: unknown) => toNumber(each));
      if (strings && strings.length > 0) return strings.map((each) => Buffer.from(each).toString());
    }
  }
  return undefined;
}

/** Makes each ZipMap's input the graph's output in its place; false where there was none. */
function stripZipMaps(graph: onnx.IGraphProto, classes: number | undefined): boolean {
  const nodes = graph.node ?? [];
  const zipMaps = nodes.filter(({ opType }) => opType === "ZipMap");
  for (const zipMap of zipMaps) {
    const from = zipMap.input?.[0];
    const output = graph.output?.find(({ name }) => name === zipMap.output?.[0]);
    if (from === undefined || output === undefined) throw invalid("its ZipMap leads nowhere");
    output.name = from;
    const dim = [
      { dimParam: "N" },
      classes === undefined ? { dimParam: "C" } : { dimValue: classes },
    ];
    output.type = { tensorType: { elemType: 1, shape: { dim } } };
  }
  graph.node = nodes.filter(({ opType }) => opType !== "ZipMap");
  return zipMaps.length > 0;
}

const types = new Map<number, ModelTensor["type"]>([
  [1, "float32"],
  [11, "float64"],
  [6, "int32"],
  [7, "int64"],
  [9, "bool"],
  [8, "string"],
]);

/** Undefined for what is no tensor, or one of a type that is neither features nor scores. */
function tensorOf({ name, type }: onnx.IValueInfoProto): ModelTensor | undefined {
  const tensor = type?.tensorType;
  const elementType = types.get(tensor?.elemType ?? 0);
  if (elementType === undefined) return undefined;
  const shape = (tensor?.shape?.dim ?? []).map(({ dimParam, dimValue }) => {
    const size = toNumber(dimValue);
    return size > 0 ? size : (dimParam ?? "");
  });
  return { name: name ?? "", type: elementType, shape };
}

function requiredTensor(input: onnx.IValueInfoProto): ModelTensor {
  const tensor = tensorOf(input);
  if (tensor === undefined || tensor.type === "string") {
    throw invalid(`its input "${input.name}" takes no numbers`);
  }
  return tensor;
}

function classify(
  outputs: readonly ModelTensor[],
  nodes: readonly onnx.INodeProto[],
): Pick<ModelFile, "labelOutput" | "scoreOutputs"> {
  const isClassifier = nodes.some(({ opType }) => opType?.endsWith("Classifier") === true);
  const floats = outputs.filter(({ type }) => type === "float32" || type === "float64");
  const others = outputs.filter(
    ({ type }) => type === "int64" || type === "int32" || type === "string",
  );
  if (floats.length === 0) {
    // A regression or a decision in whole numbers.
    const [only] = isClassifier ? [] : others.filter(({ type }) => type !== "string");
    return { labelOutput: others[0]?.name, scoreOutputs: only ? [only.name] : [] };
  }
  const named = floats.filter(({ name }) => /prob|score/i.test(name));
  const scores = named.length > 0 && others.length > 0 ? named : floats;
  return { labelOutput: others[0]?.name, scoreOutputs: scores.map(({ name }) => name) };
}

/** 64-bit integers of the file are numbers or, where the reader keeps them exact, objects that print as one. */
function toNumber(value: unknown): number {
  return value === null || value === undefined ? 0 : Number(value);
}
