import { createRequire } from "node:module";
import { dirname } from "node:path";
import type * as Core from "@tensorflow/tfjs-core";

/** The part of TensorFlow.js that is used; tfjs-node brings the same. */
export type TensorFlow = typeof Core;

let loading: Promise<TensorFlow> | undefined;

/** TensorFlow.js with tfjs-node's native kernels where that is installed, otherwise in WebAssembly. Loaded once a process. */
export function loadTensorFlow(): Promise<TensorFlow> {
  loading ??= load();
  return loading;
}

async function load(): Promise<TensorFlow> {
  const tf = await import("@tensorflow/tfjs-core");
  if (await hasNative()) return tf;
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const wasm = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(wasm)}/`);
  await tf.setBackend("wasm");
  await tf.ready();
  return tf;
}

/** An optional peer: it registers itself as a backend of the core. */
async function hasNative(): Promise<boolean> {
  // By a variable, so that nothing needs it to compile.
  const name = "@tensorflow/tfjs-node";
  try {
    await import(name);
    return true;
  } catch {
    return false;
  }
}
