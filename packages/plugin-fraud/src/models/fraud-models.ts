import { readFile } from "node:fs/promises";
import {
  EcapError,
  isEcapError,
  type Job,
  type ModelInfo,
  type PluginContext,
  type Ports,
  type QueryEngine,
} from "@ecap/sdk";
import type { FeatureValues } from "@ecap/sdk/features";
import {
  createGuard,
  createModelBook,
  createModelDesk,
  createModelLoader,
  createModelMonitor,
  createModelServer,
  createModelStore,
  createTrainings,
  type Explanation,
  explainScore,
  type ModelBook,
  type ModelDesk,
  type ModelDeskOptions,
  type ModelMonitor,
  type ModelServer,
  modelsOf,
  type Observe,
  type Trainings,
} from "@ecap/sdk/models";
import type { Decided } from "../decide.ts";
import { featureNames, steadyFeatureNames } from "../fraud-features.ts";
import { policyJob } from "./apply-policy.ts";
import { createFraudLearning, type FraudLearning } from "./fraud-learning.ts";
import { proposalJob } from "./propose-retraining.ts";
import { createRetraining, type Retraining } from "./retraining.ts";

/** The models of the use case `fraud`: who scores payments, and where people change that. */
export interface FraudModels {
  /** Absent: no model is asked. */
  readonly server: ModelServer | undefined;
  readonly desk: ModelDesk;
  readonly book: ModelBook;
  readonly trainings: Trainings;
  readonly learn: FraudLearning;
  readonly retraining: Retraining;
  readonly monitor: ModelMonitor;
  /** What each feature added to the score of the model that decided, kept with the decision. */
  explained(decided: Decided): Promise<Decided>;
  /** Why a model in force would score features as it does; ECAP_MODEL_NOT_FOUND where none of this name and version is. */
  explain(question: {
    readonly tenant: string;
    /** Name and version. Default: the champion's. */
    readonly model?: string | undefined;
    readonly features: FeatureValues;
  }): Promise<Explanation & { readonly model: string }>;
  /** Promotes challengers by the tenants' policies, and looks whether the model that decides is to be trained again. */
  jobs(engine: () => QueryEngine): readonly Job[];
  /** Loads the models of the tenant `default`. One that comes with the options and does not fit is a mistake to mend; where none can be run the rules decide. */
  start(): Promise<void>;
  served(): readonly ModelInfo[];
  close(): Promise<void>;
}

/** What a payment may lack. */
const mayBeMissing = featureNames.filter((name) => !steadyFeatureNames.includes(name));

export function createFraudModels(
  ctx: PluginContext<Pick<Ports, "stateStore">>,
  options: { readonly model: "baseline" | "none" | Uint8Array; readonly modelTimeoutMs: number },
  audit: ModelDeskOptions["audit"],
): FraudModels {
  const { clock, logger } = ctx;
  const { model, modelTimeoutMs } = options;
  const use = { useCase: "fraud", features: featureNames, mayBeMissing };
  const store = createModelStore({
    useCase: use.useCase,
    stateStore: ctx.ports.stateStore,
    objectStore: () => ctx.port("objectStore"),
  });
  const runtime = () => ctx.port("modelRuntime");
  const serves = ctx.has("modelRuntime");
  const builtIn = model === "none" || !serves ? undefined : () => bytesOf(model);
  const loader = createModelLoader({ use, store, runtime, builtIn });
  const book = createModelBook({ useCase: use.useCase, store, loader, clock, logger });
  const desk = createModelDesk({ use, store, loader, book, runtime, clock, audit });
  const trainings = createTrainings({ desk, stateStore: ctx.ports.stateStore, clock });
  const guard = createGuard({
    async rollBack(tenant, version, why) {
      if (await desk.rollBack(tenant, version, why))
        logger.warn({ tenant, version, why }, "a model was taken away");
    },
  });
  const monitor = createModelMonitor({
    useCase: use.useCase,
    stateStore: ctx.ports.stateStore,
    clock,
    logger,
  });
  const observe: Observe = (question, asked) => {
    monitor.observe(question, asked);
    guard(question, asked);
  };

  const learn = createFraudLearning({
    desk,
    loader,
    trainer: () => ctx.port("modelTrainer"),
    engine: () => ctx.port("queryEngine"),
  });
  const retraining = createRetraining({
    desk,
    monitor,
    trainings,
    learn,
    stateStore: ctx.ports.stateStore,
    engine: () => (ctx.has("queryEngine") ? ctx.port("queryEngine") : undefined),
    emit: (event) => ctx.emit(event),
    audit,
    clock,
    logger,
  });

  async function explain({
    tenant,
    model: label,
    features,
  }: Parameters<FraudModels["explain"]>[0]) {
    const inForce = await book.current(tenant);
    const found = modelsOf(inForce).find((each) => label === undefined || each.label === label);
    if (found === undefined || !("scorer" in found))
      throw new EcapError(
        "ECAP_MODEL_NOT_FOUND",
        `no model "${label ?? "champion"}" scores payments now`,
      );
    return { model: found.label, ...(await explainScore(found.scorer, features)) };
  }

  return {
    explain,
    async explained(decided) {
      const { tenant, features, versions } = decided.decision;
      if (versions.model === undefined) return decided;
      const { model: label } = versions;
      const explanation = await explain({ tenant, model: label, features }).catch(
        (error: unknown) => ({
          model: label,
          failure: error instanceof Error ? error.message : String(error),
        }),
      );
      return { ...decided, decision: { ...decided.decision, explanation } };
    },
    server: serves ? createModelServer({ book, deadlineMs: modelTimeoutMs, observe }) : undefined,
    desk,
    book,
    trainings,
    learn,
    retraining,
    monitor,
    jobs: (engine) => [
      policyJob({ desk, book, engine, clock, logger }),
      proposalJob({ useCase: use.useCase, book, retraining }),
    ],
    async start() {
      if (!serves) return;
      const { champion } = await book.refresh("default");
      if (champion !== undefined && "failure" in champion && champion.version === 0)
        if (isEcapError(champion.failure, "ECAP_MODEL_INVALID")) throw champion.failure;
    },
    served() {
      const scorers = book
        .known()
        .flatMap(({ champion }) => (champion && "scorer" in champion ? [champion] : []));
      return [...new Map(scorers.map((each) => [each.scorer, each])).values()].map(
        ({ version, label, scorer }) => ({
          answers: monitor.answers(label),
          name: scorer.contract.name,
          version: String(version),
          features: scorer.contract.features.map(({ name }) => name),
          description: scorer.contract.description ?? "Probability that a payment is fraud",
        }),
      );
    },
    async close() {
      await trainings.close();
      await monitor.close();
      await book.close();
    },
  };
}

function bytesOf(model: "baseline" | Uint8Array): Promise<Uint8Array> | Uint8Array {
  return model === "baseline"
    ? readFile(new URL("../../models/baseline.onnx", import.meta.url))
    : model;
}
