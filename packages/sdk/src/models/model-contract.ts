import { z } from "zod";
import { EcapError } from "../errors/ecap-error.ts";
import type { ModelDescription } from "../ports/model-runtime.ts";

/** What a model's ONNX file says of itself in `metadata_props`, beyond its graph. */
export interface ModelContract {
  readonly name: string;
  readonly version: string;
  /** Names of the inputs, in the order of the model's columns. */
  readonly features: readonly string[];
  /** The class whose probability is the score. */
  readonly positiveLabel: string | number | undefined;
}

const names = z.array(z.string().min(1)).min(1);

/** Reads `ecap.name`, `ecap.version`, `ecap.features` (a JSON array) and `ecap.positive_label`; ECAP_MODEL_INVALID where one is missing or does not fit the graph. */
export function readModelContract(description: ModelDescription): ModelContract {
  const { metadata, inputs } = description;
  const features = parseFeatures(metadata["ecap.features"]);
  const width = inputs[0]?.shape.at(-1);
  if (typeof width === "number" && width !== features.length) {
    throw new EcapError(
      "ECAP_MODEL_INVALID",
      `the model takes ${width} columns and its contract names ${features.length} features`,
    );
  }
  return {
    name: metadata["ecap.name"] ?? "model",
    version: metadata["ecap.version"] ?? "0",
    features,
    positiveLabel: metadata["ecap.positive_label"],
  };
}

function parseFeatures(text: string | undefined): readonly string[] {
  try {
    return names.parse(JSON.parse(text ?? ""));
  } catch {
    throw new EcapError(
      "ECAP_MODEL_INVALID",
      "the model's metadata has no ecap.features: a JSON array of feature names",
    );
  }
}
