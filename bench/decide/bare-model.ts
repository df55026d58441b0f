import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { root } from "../processes.ts";

/** Runs the fraud model on one row by ONNX Runtime alone. */
export async function bareModel(): Promise<() => Promise<unknown>> {
  const bytes = await readFile(join(root, "packages/plugin-fraud/models/baseline.onnx"));
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const [input] = session.inputMetadata;
  const width = input?.isTensor === true ? Number(input.shape[1]) : 0;
  const row = new Float32Array(width).fill(1);
  return () => session.run({ features: new Tensor("float32", row, [1, row.length]) });
}
