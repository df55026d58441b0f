import type { ModelTensor } from "@ecap/sdk";
import type { onnx } from "onnx-proto";
import { attributesOf } from "./attributes.ts";

/** A column that a node is given: a feature of the row, moved and stretched. */
export interface Column {
  readonly feature: number;
  readonly offset: number;
  readonly scale: number;
}

/** The columns of a tensor where they come from the inputs by nothing but joining, choosing, casting and scaling; else undefined. */
export function columnsOf(
  tensor: string,
  { graph, inputs }: { readonly graph: onnx.IGraphProto; readonly inputs: readonly ModelTensor[] },
): readonly Column[] | undefined {
  const makers = new Map(
    (graph.node ?? []).flatMap((node) => (node.output ?? []).map((name) => [name, node] as const)),
  );
  const weights = new Map((graph.initializer ?? []).map((each) => [each.name ?? "", each]));
  const first = new Map<string, readonly [from: number, width: number]>();
  let from = 0;
  for (const { name, shape } of inputs) {
    const width = shape.length < 2 ? 1 : Number(shape.at(-1));
    first.set(name, [from, width]);
    from += width;
  }
  return Number.isNaN(from) ? undefined : resolve(tensor, 20);

  function resolve(name: string, depth: number): readonly Column[] | undefined {
    const input = first.get(name);
    if (input !== undefined) {
      const [start, width] = input;
      return Array.from({ length: width }, (_, i) => ({ feature: start + i, offset: 0, scale: 1 }));
    }
    const node = makers.get(name);
    if (node === undefined || depth === 0) return undefined;
    const given = (i: number): readonly Column[] | undefined =>
      resolve(node.input?.[i] ?? "", depth - 1);
    switch (node.opType ?? "") {
      case "Identity":
      case "Cast":
        return given(0);
      case "Concat": {
        const parts = (node.input ?? []).map((_, i) => given(i));
        return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
      }
      case "Scaler": {
        const { floats } = attributesOf(node);
        return scaled(given(0), floats("offset"), floats("scale"));
      }
      case "ArrayFeatureExtractor": {
        const chosen = indicesOf(weights.get(node.input?.[1] ?? ""));
        const columns = given(0);
        const kept = chosen?.map((index) => columns?.[index]);
        return kept?.every((column) => column !== undefined) === true ? kept : undefined;
      }
      default:
        return undefined;
    }
  }
}

function scaled(
  columns: readonly Column[] | undefined,
  offsets: readonly number[],
  scales: readonly number[],
): readonly Column[] | undefined {
  return columns?.map(({ feature, offset, scale }, i) => {
    const moved = offsets[offsets.length === 1 ? 0 : i] ?? 0;
    const stretched = scales[scales.length === 1 ? 0 : i] ?? 1;
    // (s (x − o) − m) t = s t (x − (o + m / s))
    return { feature, offset: offset + moved / scale, scale: scale * stretched };
  });
}

function indicesOf(tensor: onnx.ITensorProto | undefined): readonly number[] | undefined {
  if (tensor?.int64Data && tensor.int64Data.length > 0) return tensor.int64Data.map(Number);
  const raw = tensor?.rawData;
  if (raw === null || raw === undefined || raw.length % 8 !== 0) return undefined;
  return [...new BigInt64Array(raw.slice().buffer)].map(Number);
}

export function valueOf({ feature, offset, scale }: Column, row: readonly number[]): number {
  return (Math.fround(row[feature] ?? Number.NaN) - offset) * scale;
}
