import { modelRuntimeContract } from "@ecap/sdk/testing";
import { onnxModelRuntime } from "../src/index.ts";
import { linear, tree, wholeNumbers } from "./onnx-models.ts";

modelRuntimeContract("onnx", async () => onnxModelRuntime(), {
  linear: linear(),
  zipMapTree: tree({ labels: [0, 1], zipMap: true }),
  textLabels: tree({ labels: ["good", "bad"], zipMap: false }),
  wholeNumbers: wholeNumbers(),
});
