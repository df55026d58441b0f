import { EcapError } from "../errors/ecap-error.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { StateStore } from "../ports/state-store.ts";
import { jsonOf, updateJson } from "../state/json-value.ts";
import { type CheckedModel, sha256 } from "./check-model.ts";
import { firstModelHead, type ModelHead } from "./model-head.ts";

/** A version as it is stored: it never changes. */
export interface StoredModel extends CheckedModel {
  readonly version: number;
  readonly registeredBy: string;
  /** Of what was registered with an API key: who made the key. */
  readonly keyMadeBy?: string;
  /** Epoch milliseconds. */
  readonly registeredAt: number;
  readonly note?: string;
  /** The contract as it came beside the file, where the file has none; of an ensemble its document. */
  readonly sideFile?: unknown;
}

/** Where models of a use case are kept: what is known of them in the StateStore, their bytes, unmodified and by their hash, in the ObjectStore. */
export interface ModelStore {
  head(tenant: string): Promise<ModelHead>;
  changeHead(tenant: string, change: (head: ModelHead) => ModelHead): Promise<ModelHead>;
  /** undefined: there is none of that number. */
  version(tenant: string, version: number): Promise<StoredModel | undefined>;
  putVersion(tenant: string, model: StoredModel): Promise<void>;
  putBytes(tenant: string, bytes: Uint8Array): Promise<void>;
  /** The bytes as they were registered; ECAP_STORAGE_CORRUPT where they are no more what they were. */
  bytes(tenant: string, model: Pick<StoredModel, "version" | "sha256">): Promise<Uint8Array>;
}

export function createModelStore({
  useCase,
  stateStore,
  objectStore,
}: {
  readonly useCase: string;
  readonly stateStore: StateStore;
  /** Asked for when bytes are read or written. */
  readonly objectStore: () => ObjectStore;
}): ModelStore {
  const headKey = (tenant: string): string => `models/${tenant}/${useCase}/head`;
  const versionKey = (tenant: string, version: number): string =>
    `models/${tenant}/${useCase}/version/${version}`;
  const bytesKey = (tenant: string, hash: string): string =>
    `models/${encodeURIComponent(tenant)}/${useCase}/${hash}.onnx`;

  return {
    async head(tenant) {
      const [entry] = await stateStore.get([headKey(tenant)]);
      return entry === undefined ? firstModelHead : (jsonOf(entry.value) as ModelHead);
    },
    async changeHead(tenant, change) {
      const changed = await updateJson<ModelHead>(
        stateStore,
        headKey(tenant),
        (head = firstModelHead) => change(head),
      );
      await stateStore.flush();
      return changed;
    },
    async version(tenant, version) {
      const [entry] = await stateStore.get([versionKey(tenant, version)]);
      return entry && (jsonOf(entry.value) as StoredModel);
    },
    async putVersion(tenant, model) {
      await updateJson<StoredModel>(stateStore, versionKey(tenant, model.version), () => model);
    },
    async putBytes(tenant, bytes) {
      await objectStore().putIfAbsent(bytesKey(tenant, sha256(bytes)), bytes);
    },
    async bytes(tenant, { version, sha256: hash }) {
      const found = await objectStore().get(bytesKey(tenant, hash));
      if (found === undefined)
        throw new EcapError("ECAP_STORAGE_CORRUPT", `the bytes of model ${version} are gone`);
      if (sha256(found) !== hash)
        throw new EcapError(
          "ECAP_STORAGE_CORRUPT",
          `the bytes of model ${version} are not those that were registered`,
        );
      return found;
    },
  };
}
