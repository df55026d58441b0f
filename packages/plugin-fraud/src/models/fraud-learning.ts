import { EcapError, type ModelTrainer, type QueryEngine, type TrainingSpec } from "@ecap/sdk";
import {
  type EnsembleSpec,
  featuresOf,
  learnEnsemble,
  type Member,
  type ModelDesk,
  type ModelLoader,
  type TrainingPlan,
  versionIn,
} from "@ecap/sdk/models";
import { steadyFeatureNames } from "../fraud-features.ts";
import { labelColumn, type TrainingPeriod, trainingData } from "./training-data.ts";

/** Small payments and large ones are told apart in reports. */
const segment = "amount";

type Learning = Pick<TrainingPlan, "name" | "algorithm" | "learn">;
type Chosen = Pick<TrainingSpec, "name" | "algorithm"> &
  Partial<Pick<TrainingSpec, "classWeights" | "validationShare" | "seed">>;
type ChosenEnsemble = Pick<EnsembleSpec, "name" | "combination" | "calibration"> &
  Partial<Pick<EnsembleSpec, "validationShare">>;

/** What can be learned from recorded decisions and what has become known of them. */
export interface FraudLearning {
  model(period: TrainingPeriod, chosen: Chosen): Learning;
  /** Of registered models, by name and version; ECAP_MODEL_NOT_FOUND where one is none, before anything is begun. */
  ensemble(
    period: TrainingPeriod,
    members: readonly string[],
    chosen: ChosenEnsemble,
  ): Promise<Learning>;
}

export function createFraudLearning({
  desk,
  loader,
  trainer,
  engine,
}: {
  readonly desk: Pick<ModelDesk, "version">;
  readonly loader: Pick<ModelLoader, "open">;
  readonly trainer: () => ModelTrainer;
  readonly engine: () => QueryEngine;
}): FraudLearning {
  return {
    model: (period, chosen) => ({
      name: chosen.name,
      algorithm: chosen.algorithm.kind,
      async learn(options) {
        const rows = trainingData(engine(), steadyFeatureNames, {
          ...period,
          signal: options.signal,
        });
        const spec = {
          ...chosen,
          ...of(period),
          features: steadyFeatureNames,
          label: labelColumn,
          segment,
        };
        const { bytes, report } = await trainer().train(rows, spec, options);
        return { file: { bytes }, report };
      },
    }),
    async ensemble(period, labels, chosen) {
      for (const label of labels) await mustBeModel(desk, period.tenant, label);
      return {
        name: chosen.name,
        algorithm: "ensemble",
        async learn(options) {
          const members: Member[] = [];
          try {
            for (const label of labels)
              members.push({ label, scorer: await loader.open(period.tenant, versionIn(label)) });
            const rows = trainingData(engine(), [...new Set([...featuresOf(members), segment])], {
              ...period,
              signal: options.signal,
            });
            const spec = { ...chosen, ...of(period), label: labelColumn, segment };
            const { document, report } = await learnEnsemble(members, rows, spec, options);
            return { file: { ensemble: document }, report };
          } finally {
            await Promise.all(members.map(({ scorer }) => scorer.close()));
          }
        },
      };
    },
  };
}

/** Version and period that stand in what is learned. */
function of({ from, to }: TrainingPeriod) {
  return {
    version: new Date(to).toISOString().slice(0, 10),
    period: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
  };
}

async function mustBeModel(
  desk: Pick<ModelDesk, "version">,
  tenant: string,
  label: string,
): Promise<void> {
  const version = versionIn(label);
  const { contract, ensemble } = await desk.version(tenant, version);
  if (`${contract.name}/${version}` !== label)
    throw new EcapError(
      "ECAP_MODEL_NOT_FOUND",
      `there is no model "${label}"; version ${version} is "${contract.name}/${version}"`,
    );
  if (ensemble !== undefined)
    throw new EcapError("ECAP_REQUEST_INVALID", `"${label}" is an ensemble itself`, {
      path: "/members",
    });
}
