import { EcapError } from "../errors/ecap-error.ts";
import type { FeatureValues } from "../features/feature.ts";
import type { LoadedModel, ModelRuntime, ModelScore } from "../ports/model-runtime.ts";
import { type ModelContract, readModelContract } from "./model-contract.ts";

/** A model that is asked by feature names. */
export interface Scorer {
  readonly contract: ModelContract;
  /** The score: probability of the positive class, or the value of a regression. */
  score(features: FeatureValues): Promise<number>;
  close(): Promise<void>;
}

/** Loads a model and checks that `available` has every feature its contract names. */
export async function createScorer(
  runtime: ModelRuntime,
  bytes: Uint8Array,
  available: readonly string[],
): Promise<Scorer> {
  const model = await runtime.load(bytes);
  try {
    const contract = readModelContract(model.description);
    checkFeatures(contract, available);
    const column = positiveColumn(model, contract);
    return {
      contract,
      async score(features) {
        const row = contract.features.map((name) => features[name] ?? Number.NaN);
        return pick(await model.score(row), column);
      },
      close: () => model.close(),
    };
  } catch (error) {
    await model.close();
    throw error;
  }
}

function checkFeatures(contract: ModelContract, available: readonly string[]): void {
  const unknown = contract.features.filter((name) => !available.includes(name));
  if (unknown.length > 0)
    throw new EcapError(
      "ECAP_MODEL_INVALID",
      `the model "${contract.name}" asks for features that are not there: ${unknown.join(", ")}`,
    );
}

/** Column of the positive class: the named one, else the last. */
function positiveColumn(model: LoadedModel, contract: ModelContract): number {
  const { labels } = model.description;
  if (contract.positiveLabel === undefined || labels === undefined) return -1;
  const column = labels.findIndex((label) => String(label) === String(contract.positiveLabel));
  if (column < 0)
    throw new EcapError(
      "ECAP_MODEL_INVALID",
      `the model "${contract.name}" has no class "${contract.positiveLabel}"`,
    );
  return column;
}

function pick({ scores }: ModelScore, column: number): number {
  const score = scores.at(column);
  if (score === undefined || Number.isNaN(score))
    throw new EcapError("ECAP_MODEL_INVALID", "the model gave no score");
  return score;
}
