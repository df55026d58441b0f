import { EcapError } from "../errors/ecap-error.ts";
import type { FeatureValues } from "../features/feature.ts";
import type {
  ExactContributions,
  LoadedModel,
  ModelDescription,
  ModelRuntime,
  ModelScore,
} from "../ports/model-runtime.ts";
import { withinTime } from "../state/follow.ts";
import { type ModelContract, type ModelFeature, readModelContract } from "./model-contract.ts";

/** A model, or several that score as one, asked by feature names. */
export interface Scorer {
  readonly contract: ModelContract;
  /** Whether it scores in a thread of its own. */
  readonly apart: boolean;
  /** What the model is given for features; ECAP_MODEL_INPUT where one that must be there is missing. */
  readonly row: (features: FeatureValues) => readonly number[];
  /** The same of values in the order of the contract's features, NaN being missing. */
  readonly fill: (values: readonly number[]) => readonly number[];
  /** The score: probability of the positive class, or the value of a regression. */
  score(features: FeatureValues): Promise<number>;
  /** Of rows in the order of the contract's features, without holding the calling thread; NaN is missing. */
  scoreRows(
    rows: ReadonlyArray<readonly number[]>,
  ): Promise<
    ReadonlyArray<{ readonly score: number; readonly label: string | number | undefined }>
  >;
  /** Exact contributions to the score of a row that was filled; undefined where its graph does not allow. */
  explain(
    row: readonly number[],
    background: ReadonlyArray<readonly number[]>,
  ): ExactContributions | undefined;
  /** Lets go of the model when what was asked before has been answered, or half a second later. */
  close(): Promise<void>;
}

/** Of one ONNX model. */
export interface ModelScorer extends Scorer {
  readonly model: LoadedModel;
}

const patienceMs = 500;

/** Loads a model and checks that `available` has every feature its contract names. The contract is the model's own, or that of a side file. */
export async function createScorer(
  runtime: ModelRuntime,
  bytes: Uint8Array,
  available: readonly string[],
  sideFile?: unknown,
): Promise<ModelScorer> {
  // What a missing value becomes is in the contract, which is in the file.
  const model = await runtime.load(bytes, { missing: "pass" });
  try {
    const contract = readModelContract(model.description, sideFile);
    checkFeatures(contract, available);
    return scorerOf(model, contract, positiveColumn(model.description, contract));
  } catch (error) {
    await model.close();
    throw error;
  }
}

function scorerOf(model: LoadedModel, contract: ModelContract, last: number): ModelScorer {
  const { features } = contract;
  const column = last < 0 ? Math.max(0, (model.description.labels?.length ?? 1) + last) : last;
  const life: { asked: number; end?: () => void } = { asked: 0 };

  /** A model is closed when nobody waits for it. */
  async function counted<T>(work: () => Promise<T>): Promise<T> {
    if (life.end !== undefined) throw new EcapError("ECAP_STORAGE_CLOSED", "the model was closed");
    life.asked += 1;
    try {
      return await work();
    } finally {
      life.asked -= 1;
      if (life.asked === 0) ended();
    }
  }

  function ended(): void {
    life.end?.();
  }

  const row = (values: FeatureValues): readonly number[] =>
    features.map((feature) => filled(feature, values[feature.name]));
  const fill = (values: readonly number[]): readonly number[] =>
    features.map((feature, i) => filled(feature, values[i]));

  return {
    contract,
    model,
    apart: model.apart === true,
    row,
    fill,
    score: (values) =>
      counted(async () => {
        return pick(await model.score(row(values)), last);
      }),
    scoreRows: (rows) =>
      counted(async () => {
        return (await model.scoreBatch(rows.map(fill))).map((answer) => ({
          score: pick(answer, last),
          label: answer.label,
        }));
      }),
    explain: (values, background) => model.explain?.({ row: values, background, column }),
    async close() {
      const idle = new Promise<void>((resolve) => {
        life.end = resolve;
      });
      if (life.asked > 0) await withinTime(idle, patienceMs, undefined);
      await model.close();
    },
  };
}

/** What the model is given for a value, by the contract's policy. */
function filled({ name, missing }: ModelFeature, value: number | undefined): number {
  if (value !== undefined && !Number.isNaN(value)) return value;
  if (missing === "nan") return Number.NaN;
  if (missing === "refuse")
    throw new EcapError("ECAP_MODEL_INPUT", `the feature "${name}" is missing`, {
      path: `/${name}`,
    });
  return missing;
}

function checkFeatures(contract: ModelContract, available: readonly string[]): void {
  const known = new Set(available);
  const unknown = contract.features.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new EcapError(
      "ECAP_MODEL_INVALID",
      `the model "${contract.name}" asks for features that are not there: ${unknown.join(", ")}`,
    );
}

/** Column of the positive class: the named one, else the last of two or the only one. */
function positiveColumn(
  { labels }: ModelDescription,
  { name, positiveLabel }: ModelContract,
): number {
  if (positiveLabel === undefined) {
    if (labels !== undefined && labels.length > 2)
      throw new EcapError(
        "ECAP_MODEL_INVALID",
        `the model "${name}" has the classes ${labels.join(", ")}: its contract has to name the positiveLabel`,
      );
    return -1;
  }
  if (labels === undefined) return -1;
  const column = labels.findIndex((label) => String(label) === String(positiveLabel));
  if (column < 0)
    throw new EcapError(
      "ECAP_MODEL_INVALID",
      `the model "${name}" has no class "${positiveLabel}"`,
    );
  return column;
}

function pick({ scores }: ModelScore, column: number): number {
  const score = scores.at(column);
  if (score === undefined || !Number.isFinite(score))
    throw new EcapError("ECAP_MODEL_INVALID", "the model gave no score");
  return score;
}
