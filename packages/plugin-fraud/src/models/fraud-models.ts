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
import { featureNames, fraudFeatures } from "../fraud-features.ts";
import { policyJob } from "./apply-policy.ts";

/** The models of the use case `fraud`: who scores payments, and where people change that. */
export interface FraudModels {
  /** Absent: no model is asked. */
  readonly server: ModelServer | undefined;
  readonly desk: ModelDesk;
  readonly book: ModelBook;
  readonly trainings: Trainings;
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
  /** Promotes challengers by the tenants' policies. */
  policy(engine: () => QueryEngine): Job;
  /** Loads the models of the tenant `default`. One that comes with the options and does not fit is a mistake to mend; where none can be run the rules decide. */
  start(): Promise<void>;
  served(): readonly ModelInfo[];
  close(): Promise<void>;
}

/** What a payment may lack; that it lacks a proper amount is rare. */
const mayBeMissing = fraudFeatures.features
  .filter(({ name, missing }) => Number.isNaN(missing) && name !== "amount")
  .map(({ name }) => name);

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
  const book = createModelBook({
    use,
    store,
    runtime,
    builtIn: model === "none" ? undefined : () => bytesOf(model),
    clock,
    logger,
  });
  const desk = createModelDesk({ use, store, book, runtime, clock, audit });
  const trainings = createTrainings({
    desk,
    trainer: () => ctx.port("modelTrainer"),
    stateStore: ctx.ports.stateStore,
    clock,
  });
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
  const serves = ctx.has("modelRuntime");

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
    monitor,
    policy: (engine) => policyJob({ desk, book, engine, clock, logger }),
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
