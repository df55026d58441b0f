import { readFile } from "node:fs/promises";
import { isEcapError, type ModelInfo, type PluginContext, type Ports } from "@ecap/sdk";
import {
  createGuard,
  createModelBook,
  createModelDesk,
  createModelServer,
  createModelStore,
  createTrainings,
  type ModelBook,
  type ModelDesk,
  type ModelDeskOptions,
  type ModelServer,
  modelsOf,
  type Trainings,
} from "@ecap/sdk/models";
import { featureNames } from "../fraud-features.ts";

/** The models of the use case `fraud`: who scores payments, and where people change that. */
export interface FraudModels {
  /** Absent: no model is asked. */
  readonly server: ModelServer | undefined;
  readonly desk: ModelDesk;
  readonly book: ModelBook;
  readonly trainings: Trainings;
  /** Loads the models of the tenant `default`. One that comes with the options and does not fit is a mistake to mend; where none can be run the rules decide. */
  start(): Promise<void>;
  served(): readonly ModelInfo[];
  close(): Promise<void>;
}

export function createFraudModels(
  ctx: PluginContext<Pick<Ports, "stateStore">>,
  options: { readonly model: "baseline" | "none" | Uint8Array; readonly modelTimeoutMs: number },
  audit: ModelDeskOptions["audit"],
): FraudModels {
  const { clock, logger } = ctx;
  const { model, modelTimeoutMs } = options;
  const use = { useCase: "fraud", features: featureNames };
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
    reference: (tenant, version) => scorerOf(tenant, version)?.contract.histograms?.score,
    async rollBack(tenant, version, why) {
      if (await desk.rollBack(tenant, version, why))
        logger.warn({ tenant, version, why }, "a model was taken away");
    },
  });
  const serves = ctx.has("modelRuntime");

  function scorerOf(tenant: string, version: number) {
    const inForce = book.current(tenant);
    if (inForce instanceof Promise) return undefined;
    const found = modelsOf(inForce).find((each) => each.version === version);
    return found !== undefined && "scorer" in found ? found.scorer : undefined;
  }

  return {
    server: serves
      ? createModelServer({ book, deadlineMs: modelTimeoutMs, observe: guard })
      : undefined,
    desk,
    book,
    trainings,
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
        ({ version, scorer }) => ({
          name: scorer.contract.name,
          version: String(version),
          features: scorer.contract.features.map(({ name }) => name),
          description: scorer.contract.description ?? "Probability that a payment is fraud",
        }),
      );
    },
    async close() {
      await trainings.close();
      await book.close();
    },
  };
}

function bytesOf(model: "baseline" | Uint8Array): Promise<Uint8Array> | Uint8Array {
  return model === "baseline"
    ? readFile(new URL("../../models/baseline.onnx", import.meta.url))
    : model;
}
