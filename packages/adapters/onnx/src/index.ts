export type { OnnxRuntime } from "./load-onnxruntime.ts";
export { type OnnxModelRuntimeOptions, onnxModelRuntime } from "./onnx-model-runtime.ts";
