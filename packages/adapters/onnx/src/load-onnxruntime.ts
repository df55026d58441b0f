import { createRequire } from "node:module";
import { EcapError } from "@ecap/sdk";
import type { InferenceSession, TensorConstructor } from "onnxruntime-node";

/** The part of onnxruntime-node that is used. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** Loads the library on first use; a machine without it can run everything else. */
export async function loadOnnxRuntime(
  load: () => Promise<OnnxRuntime> = () => import("onnxruntime-node"),
): Promise<OnnxRuntime> {
  try {
    return await load();
  } catch (error) {
    throw new EcapError(
      "ECAP_DEPENDENCY_NOT_INSTALLED",
      "scoring ONNX models needs the package onnxruntime-node: run `ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node` (skip: it fetches no CUDA libraries)",
      { cause: error },
    );
  }
}

/** Where a worker finds the library. */
export function onnxRuntimePath(): string {
  return createRequire(import.meta.url).resolve("onnxruntime-node");
}
