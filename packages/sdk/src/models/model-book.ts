import { EcapError } from "../errors/ecap-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { ModelRuntime } from "../ports/model-runtime.ts";
import { type Followed, follow } from "../state/follow.ts";
import type { ModelUse } from "./check-model.ts";
import { type ModelHead, noSuchModel } from "./model-head.ts";
import type { ModelStore } from "./model-store.ts";
import { createScorer, type Scorer } from "./scorer.ts";

/** A version that is loaded. */
export interface ServedModel {
  readonly version: number;
  /** Name and version, as in `card-fraud/3`. */
  readonly label: string;
  readonly scorer: Scorer;
}

/** One that cannot be loaded: what it should have scored says why. */
export interface BrokenModel {
  readonly version: number;
  readonly label: string;
  readonly failure: Error;
}

export type ModelInRole = ServedModel | BrokenModel;

/** What scores a tenant's entities at one moment: a decision takes it once. */
export interface ModelsInForce {
  readonly revision: number;
  /** Absent: the use case has no model. */
  readonly champion: ModelInRole | undefined;
  readonly canary: { readonly model: ModelInRole; readonly share: number } | undefined;
  readonly challenger: ModelInRole | undefined;
  readonly shadows: readonly ModelInRole[];
}

export interface ModelBook
  extends Pick<Followed<ModelsInForce>, "current" | "refresh" | "known" | "keys"> {
  close(): Promise<void>;
}

export interface ModelBookOptions {
  readonly use: ModelUse;
  readonly store: ModelStore;
  readonly runtime: () => ModelRuntime;
  /** Version 0; absent: the use case begins without a model. */
  readonly builtIn: (() => Promise<Uint8Array> | Uint8Array) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How old what is known may be, in milliseconds. Default 1,000. */
  readonly refreshMs?: number;
}

/** Tenants whose models are kept loaded. */
const tenantsKept = 1_000;

/** Loads the models that have a role, and lets go of those that have none any more when nobody waits for them. */
export function createModelBook({
  use,
  store,
  runtime,
  builtIn,
  clock,
  logger,
  refreshMs = 1_000,
}: ModelBookOptions): ModelBook {
  let builtInModel: Promise<ModelInRole> | undefined;

  async function serve(
    label: string,
    version: number,
    open: () => Promise<Scorer>,
  ): Promise<ModelInRole> {
    try {
      const scorer = await open();
      logger.info({ model: label, useCase: use.useCase }, "model loaded");
      return { version, label, scorer };
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      logger.error(
        { model: label, useCase: use.useCase, error: failure.message },
        "a model cannot be used",
      );
      return { version, label, failure };
    }
  }

  /** One for all tenants. */
  function loadBuiltIn(bytes: () => Promise<Uint8Array> | Uint8Array): Promise<ModelInRole> {
    builtInModel ??= (async () => {
      const open = async (): Promise<Scorer> =>
        createScorer(runtime(), await bytes(), use.features);
      const served = await serve(`${use.useCase}/0`, 0, open);
      return "scorer" in served ? { ...served, label: `${served.scorer.contract.name}/0` } : served;
    })();
    return builtInModel;
  }

  async function loadVersion(tenant: string, version: number): Promise<ModelInRole> {
    const stored = await store.version(tenant, version);
    if (stored === undefined) throw noSuchModel(version);
    return serve(`${stored.contract.name}/${version}`, version, async () => {
      const bytes = await store.bytes(tenant, stored);
      return createScorer(runtime(), bytes, use.features, stored.sideFile);
    });
  }

  async function load(tenant: string, before: ModelsInForce | undefined): Promise<ModelsInForce> {
    const head = await store.head(tenant);
    if (before?.revision === head.revision) return before;
    const loaded = new Map(
      before === undefined ? [] : modelsOf(before).map((model) => [model.version, model]),
    );
    const get = async (version: number): Promise<ModelInRole | undefined> => {
      if (version === 0) return builtIn && loadBuiltIn(builtIn);
      const known = loaded.get(version);
      return known !== undefined && "scorer" in known ? known : loadVersion(tenant, version);
    };
    const inForce = await inRoles(head, get);
    const kept = new Set(modelsOf(inForce));
    if (before !== undefined) letGo(modelsOf(before).filter((model) => !kept.has(model)));
    return inForce;
  }

  function letGo(models: readonly ModelInRole[]): void {
    for (const model of models) {
      if (model.version === 0 || !("scorer" in model)) continue;
      model.scorer
        .close()
        .catch((error: unknown) =>
          logger.warn(
            { model: model.label, error: String(error) },
            "a model could not be let go of",
          ),
        );
    }
  }

  const followed = follow<ModelsInForce>({
    clock,
    refreshMs,
    maxKeys: tenantsKept,
    load,
    failed: (tenant, error) =>
      logger.warn(
        { tenant, error: String(error) },
        "the models could not be looked up again; those known go on scoring",
      ),
    dropped: (inForce) => letGo(modelsOf(inForce)),
  });

  return {
    ...followed,
    async close() {
      const served = followed.known().flatMap(modelsOf);
      const own = builtInModel === undefined ? [] : [await builtInModel];
      const scorers = new Set(
        [...served, ...own].flatMap((model) => ("scorer" in model ? [model.scorer] : [])),
      );
      await Promise.allSettled([...scorers].map((scorer) => scorer.close()));
    },
  };
}

export function modelsOf({
  champion,
  canary,
  challenger,
  shadows,
}: ModelsInForce): readonly ModelInRole[] {
  return [champion, canary?.model, challenger, ...shadows].filter((model) => model !== undefined);
}

async function inRoles(
  head: ModelHead,
  get: (version: number) => Promise<ModelInRole | undefined>,
): Promise<ModelsInForce> {
  const canary = head.canary && (await get(head.canary.version));
  return {
    revision: head.revision,
    champion: await get(head.champion),
    canary: canary && head.canary && { model: canary, share: head.canary.share },
    challenger: head.challenger === undefined ? undefined : await get(head.challenger),
    shadows: (await Promise.all(head.shadows.map(get))).filter((model) => model !== undefined),
  };
}

/** For what a use case needs that a deployment does not have. */
export function noModelRuntime(): EcapError {
  return new EcapError(
    "ECAP_PORT_MISSING",
    "models need an adapter with a modelRuntime, as @ecap/adapter-onnx",
  );
}
