import type { onnx } from "onnx-proto";

/** A graph, with the graphs inside its loops and branches. */
export function* graphsOf(
  model: onnx.IModelProto,
): Generator<Pick<onnx.IGraphProto, "node" | "initializer" | "sparseInitializer">> {
  const open = [...(model.graph ? [model.graph] : []), ...(model.functions ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next;
    for (const { attribute } of next.node ?? [])
      for (const { g, graphs } of attribute ?? []) open.push(...(g ? [g] : []), ...(graphs ?? []));
  }
}

/** Operators that work as often as the values of a row say, so that no trial tells how long the next row takes. */
const repeating = new Set(["Loop", "Scan", "SequenceMap"]);

export function repeats(model: onnx.IModelProto): boolean {
  for (const { node } of graphsOf(model))
    if (node?.some(({ opType }) => repeating.has(opType ?? "")) === true) return true;
  return false;
}

/** Name of a tensor that is kept in a file of its own. */
export function externalTensor(model: onnx.IModelProto): string | undefined {
  for (const { node, initializer, sparseInitializer } of graphsOf(model)) {
    const attributes = (node ?? []).flatMap(({ attribute }) => attribute ?? []);
    const tensors = [
      ...(initializer ?? []),
      ...(sparseInitializer ?? []).flatMap(({ values, indices }) => [values, indices]),
      ...attributes.flatMap(({ t, tensors: several }) => [t, ...(several ?? [])]),
    ];
    const found = tensors.find(
      (tensor) =>
        (tensor?.externalData ?? []).length > 0 || Number(tensor?.dataLocation) === external,
    );
    if (found) return found.name ?? "";
  }
  return undefined;
}

/** `TensorProto.DataLocation.EXTERNAL`. */
const external = 1;
