import { EcapError } from "../errors/ecap-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { type Followed, follow } from "../state/follow.ts";
import type { Ensemble } from "./ensemble/ensemble.ts";
import { versionIn } from "./ensemble/ensemble-document.ts";
import { createEnsembleScorer } from "./ensemble/ensemble-scorer.ts";
import { type ModelHead, noSuchModel } from "./model-head.ts";
import type { ModelLoader } from "./model-loader.ts";
import type { ModelStore, StoredModel } from "./model-store.ts";
import type { Scorer } from "./scorer.ts";
import {
  type BrokenModel,
  loadedOf,
  type ModelInRole,
  type ModelsInForce,
  membersOf,
  type ServedModel,
} from "./served-model.ts";

export interface ModelBook
  extends Pick<Followed<ModelsInForce>, "current" | "refresh" | "known" | "keys"> {
  close(): Promise<void>;
}

export interface ModelBookOptions {
  readonly useCase: string;
  readonly store: Pick<ModelStore, "head">;
  readonly loader: ModelLoader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How old what is known may be, in milliseconds. Default 1,000. */
  readonly refreshMs?: number;
}

/** Tenants whose models are kept loaded. */
const tenantsKept = 1_000;

/** Loads the models that have a role, and lets go of those that have none any more when nobody waits for them. */
type Get = (version: number) => Promise<ModelInRole | undefined>;

export function createModelBook({
  useCase,
  store,
  loader,
  clock,
  logger,
  refreshMs = 1_000,
}: ModelBookOptions): ModelBook {
  let builtIn: Promise<ModelInRole> | undefined;

  async function serve(
    label: string,
    version: number,
    open: () => Promise<Pick<ServedModel, "scorer" | "parts">>,
  ): Promise<ModelInRole> {
    try {
      const opened = await open();
      logger.info({ model: label, useCase }, "model loaded");
      return { version, label, ...opened };
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      logger.error({ model: label, useCase, error: failure.message }, "a model cannot be used");
      return { version, label, failure };
    }
  }

  /** One for all tenants. */
  async function loadBuiltIn(): Promise<ModelInRole> {
    const served = await serve(`${useCase}/0`, 0, async () => ({
      scorer: await loader.open("", 0),
    }));
    return "scorer" in served ? { ...served, label: `${served.scorer.contract.name}/0` } : served;
  }

  async function loadVersion(tenant: string, version: number, get: Get): Promise<ModelInRole> {
    const stored = await loader.stored(tenant, version);
    if (stored === undefined) throw noSuchModel(version);
    return serve(`${stored.contract.name}/${version}`, version, async () =>
      stored.ensemble === undefined
        ? { scorer: await loader.open(tenant, version) }
        : loadEnsemble(stored, stored.ensemble, get),
    );
  }

  async function load(tenant: string, before: ModelsInForce | undefined): Promise<ModelsInForce> {
    const head = await store.head(tenant);
    if (before?.revision === head.revision) return before;
    const loaded = new Map(
      before === undefined ? [] : loadedOf(before).map((model) => [model.version, model]),
    );
    // An ensemble's member may have a role of its own, and is loaded once.
    const asked = new Map<number, Promise<ModelInRole | undefined>>();
    const get: Get = (version) => {
      const known = asked.get(version);
      if (known !== undefined) return known;
      const found = find(version);
      asked.set(version, found);
      return found;
    };
    const find: Get = async (version) => {
      if (version === 0) return loader.hasBuiltIn ? (builtIn ??= loadBuiltIn()) : undefined;
      const known = loaded.get(version);
      return known !== undefined && isWhole(known) ? known : loadVersion(tenant, version, get);
    };
    const inForce = await inRoles(head, get);
    const kept = new Set(loadedOf(inForce));
    if (before !== undefined) letGo(loadedOf(before).filter((model) => !kept.has(model)));
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
    dropped: (inForce) => letGo(loadedOf(inForce)),
  });

  return {
    ...followed,
    async close() {
      const own = await builtIn;
      const served = [...followed.known().flatMap(loadedOf), ...(own === undefined ? [] : [own])];
      const scorers = new Set(served.flatMap((model) => ("scorer" in model ? [model.scorer] : [])));
      await Promise.allSettled([...scorers].map((scorer) => scorer.close()));
    },
  };
}

/** With a member that cannot be loaded it does what it does with one that fails. */
async function loadEnsemble(
  { contract }: StoredModel,
  ensemble: Ensemble,
  get: Get,
): Promise<Pick<ServedModel, "scorer" | "parts">> {
  const members = await Promise.all(
    ensemble.members.map(async (label): Promise<ModelInRole> => {
      const version = versionIn(label);
      const broken = (failure: Error): BrokenModel => ({ version, label, failure });
      return get(version).then((member) => member ?? broken(noSuchModel(version)), broken);
    }),
  );
  const scorers = members.map((member) =>
    "scorer" in member ? member.scorer : failing(member.failure),
  );
  return {
    scorer: createEnsembleScorer(ensemble, contract, scorers),
    parts: { ensemble, members },
  };
}

/** Whether nothing of it is to be tried again. */
function isWhole(model: ModelInRole): boolean {
  return "scorer" in model && membersOf(model).every((member) => "scorer" in member);
}

/** In the place of a member that is not there: it says why. */
function failing(failure: Error): Scorer {
  const fails = (): never => {
    throw failure;
  };
  return {
    contract: { name: "", version: "", features: [], golden: [], tolerance: 0 },
    apart: false,
    row: fails,
    fill: fails,
    score: () => Promise.reject(failure),
    scoreRows: () => Promise.reject(failure),
    explain: fails,
    close: async () => {},
  };
}

async function inRoles(head: ModelHead, get: Get): Promise<ModelsInForce> {
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
