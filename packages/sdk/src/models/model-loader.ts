import type { ModelRuntime } from "../ports/model-runtime.ts";
import { type CheckedModel, checkModel, type ModelUse } from "./check-model.ts";
import { noSuchModel } from "./model-head.ts";
import type { ModelStore, StoredModel } from "./model-store.ts";
import { createScorer, type ModelScorer } from "./scorer.ts";

/** Opens the models of a use case by their number. Version 0 is the one that comes with it, for all tenants. */
export interface ModelLoader {
  /** Whether there is a version 0. */
  readonly hasBuiltIn: boolean;
  /** What is known of a version; undefined: there is none of that number. */
  stored(tenant: string, version: number): Promise<StoredModel | undefined>;
  /** The file as it was registered; of an ensemble its document. */
  bytes(tenant: string, version: number): Promise<Uint8Array>;
  /** One model, no ensemble. Whoever opens it closes it. */
  open(tenant: string, version: number): Promise<ModelScorer>;
}

export interface ModelLoaderOptions {
  readonly use: ModelUse;
  readonly store: ModelStore;
  readonly runtime: () => ModelRuntime;
  /** Version 0; absent: the use case begins without a model. */
  readonly builtIn: (() => Promise<Uint8Array> | Uint8Array) | undefined;
}

/** Who registered version 0. */
export const builtInRegistrant = "ecap";

export function createModelLoader({
  use,
  store,
  runtime,
  builtIn,
}: ModelLoaderOptions): ModelLoader {
  let checked: Promise<CheckedModel> | undefined;

  async function storedBuiltIn(): Promise<StoredModel | undefined> {
    if (builtIn === undefined) return undefined;
    checked ??= Promise.resolve(builtIn()).then((bytes) => checkModel(runtime(), use, { bytes }));
    checked.catch(() => {
      checked = undefined;
    });
    return { ...(await checked), version: 0, registeredBy: builtInRegistrant, registeredAt: 0 };
  }

  async function existing(tenant: string, version: number): Promise<StoredModel> {
    const found = await store.version(tenant, version);
    if (found === undefined) throw noSuchModel(version);
    return found;
  }

  return {
    hasBuiltIn: builtIn !== undefined,
    async stored(tenant, version) {
      return version === 0 ? storedBuiltIn() : store.version(tenant, version);
    },
    async bytes(tenant, version) {
      if (version === 0 && builtIn !== undefined) return builtIn();
      const stored = await existing(tenant, version);
      return stored.ensemble === undefined
        ? store.bytes(tenant, stored)
        : new TextEncoder().encode(JSON.stringify(stored.sideFile));
    },
    async open(tenant, version) {
      if (version === 0 && builtIn !== undefined)
        return createScorer(runtime(), await builtIn(), use.features);
      const stored = await existing(tenant, version);
      const bytes = await store.bytes(tenant, stored);
      return createScorer(runtime(), bytes, use.features, stored.sideFile);
    },
  };
}
