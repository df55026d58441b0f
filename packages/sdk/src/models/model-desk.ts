import { EcapError } from "../errors/ecap-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { ModelRuntime } from "../ports/model-runtime.ts";
import { type CheckedModel, checkEnsemble, checkModel, type ModelUse } from "./check-model.ts";
import { versionIn } from "./ensemble/ensemble-document.ts";
import type { ModelBook } from "./model-book.ts";
import {
  type ModelAction,
  type ModelHead,
  type ModelState,
  modelStateOf,
  modelSteps,
  noSuchModel,
  type PromotionPolicy,
  policyStep,
  registerStep,
  rollbackStep,
  withPolicy,
} from "./model-head.ts";
import { builtInRegistrant, type ModelLoader } from "./model-loader.ts";
import type { ModelStore, StoredModel } from "./model-store.ts";
import type { ModelScorer } from "./scorer.ts";

/** Who does something, in which tenant. */
export interface ModelActor {
  readonly tenant: string;
  /** User name or API key id. */
  readonly by: string;
  /** Of an API key: who made it. */
  readonly madeBy?: string;
}

export interface ModelVersion extends StoredModel {
  readonly state: ModelState;
  /** Of a canary: for which part of the entities it decides. */
  readonly share?: number;
}

/** What can be registered: an ONNX file, or the document of an ensemble of what is registered already. */
export type ModelFile =
  | {
      /** The ONNX file as it is. */
      readonly bytes: Uint8Array;
      /** Its contract, where the file has none. */
      readonly sideFile?: unknown;
    }
  | { readonly ensemble: unknown };

/** Where people change which models score. Every change is audited, and seen by this process when it resolves. */
export interface ModelDesk {
  readonly useCase: string;
  /** What registering would say; ECAP_MODEL_INVALID where it would refuse. */
  validate(tenant: string, file: ModelFile): Promise<CheckedModel>;
  /** A new version, which scores nothing yet; ECAP_MODEL_INVALID says what is wrong with it. */
  register(actor: ModelActor, file: ModelFile & { readonly note?: string }): Promise<ModelVersion>;
  /** Versions, newest first, from a number on downwards; the last is 0, where one comes with the use case. */
  versions(
    tenant: string,
    page: { readonly limit: number; readonly below?: number },
  ): Promise<readonly ModelVersion[]>;
  version(tenant: string, version: number): Promise<ModelVersion>;
  /** The file as it was registered; of an ensemble its document. */
  bytes(tenant: string, version: number): Promise<Uint8Array>;
  head(tenant: string): Promise<ModelHead>;
  move(
    actor: ModelActor,
    version: number,
    action: ModelAction,
    options?: { readonly share?: number | undefined },
  ): Promise<Pick<ModelVersion, "version" | "state" | "share">>;
  /** When a challenger is promoted without a person; undefined: never. */
  setPolicy(actor: ModelActor, policy: PromotionPolicy | undefined): Promise<void>;
  /** Promotes the challenger because it did what the policy asks. */
  promoteByPolicy(tenant: string, version: number, why: string): Promise<void>;
  /** Takes a model away that does harm; resolves false where it has no role any more, or there is nothing to go back to. */
  rollBack(tenant: string, version: number, why: string): Promise<boolean>;
}

export interface ModelDeskOptions {
  readonly use: ModelUse;
  readonly store: ModelStore;
  readonly loader: ModelLoader;
  readonly book: Pick<ModelBook, "refresh">;
  readonly runtime: () => ModelRuntime;
  readonly clock: Clock;
  /** Told of every change. */
  readonly audit: (entry: {
    readonly tenant: string;
    readonly actor: string;
    readonly action: string;
    readonly target: string;
    readonly details?: Readonly<Record<string, string | number | boolean>>;
  }) => Promise<void>;
}

export function createModelDesk({
  use,
  store,
  loader,
  book,
  runtime,
  clock,
  audit,
}: ModelDeskOptions): ModelDesk {
  const { useCase } = use;
  const targetOf = (version: number): string => `models/${useCase}/${version}`;

  async function versionOf(tenant: string, version: number): Promise<ModelVersion> {
    const [head, stored] = await Promise.all([store.head(tenant), loader.stored(tenant, version)]);
    if (stored === undefined) throw noSuchModel(version);
    return withState(stored, head);
  }

  function check(tenant: string, file: ModelFile): Promise<CheckedModel> {
    if (!("ensemble" in file)) return checkModel(runtime(), use, file);
    const open = async (label: string): Promise<ModelScorer> => {
      const version = versionIn(label);
      const member = await loader.stored(tenant, version);
      if (member === undefined || `${member.contract.name}/${version}` !== label)
        throw new EcapError("ECAP_MODEL_INVALID", `there is no model "${label}" to be a member`);
      if (member.ensemble !== undefined)
        throw new EcapError(
          "ECAP_MODEL_INVALID",
          `the member "${label}" is an ensemble itself; name its members`,
        );
      return loader.open(tenant, version);
    };
    return checkEnsemble(open, use, file.ensemble);
  }

  return {
    useCase,
    validate: check,
    version: versionOf,
    head: (tenant) => store.head(tenant),
    bytes: (tenant, version) => loader.bytes(tenant, version),
    async versions(tenant, { limit, below }) {
      const head = await store.head(tenant);
      const first = Math.min(below ?? head.next, head.next) - 1;
      const numbers = Array.from(
        { length: Math.max(0, Math.min(limit, first + 1)) },
        (_, i) => first - i,
      );
      const read = await Promise.all(numbers.map((version) => loader.stored(tenant, version)));
      return read.flatMap((stored) => (stored === undefined ? [] : [withState(stored, head)]));
    },
    async register({ tenant, by, madeBy }, { note, ...file }) {
      const checked = await check(tenant, file);
      const sideFile = "ensemble" in file ? file.ensemble : file.sideFile;
      if ("bytes" in file) await store.putBytes(tenant, file.bytes);
      const person = { id: by, at: clock.now() };
      let version = 0;
      // The number is taken first, and the head says that there is a model when it is stored: nobody meets one without the other.
      await store.changeHead(tenant, (head) => {
        version = head.next;
        registerStep(head, version, person);
        return { ...head, next: version + 1 };
      });
      await store.putVersion(tenant, {
        ...checked,
        version,
        registeredBy: by,
        registeredAt: person.at,
        ...(madeBy !== undefined && { keyMadeBy: madeBy }),
        ...(note !== undefined && { note }),
        ...(sideFile !== undefined && { sideFile }),
      });
      await store.changeHead(tenant, (head) => registerStep(head, version, person));
      const { sha256 } = checked;
      await audit({
        tenant,
        actor: by,
        action: "model.register",
        target: targetOf(version),
        details: { sha256 },
      });
      return versionOf(tenant, version);
    },
    async move({ tenant, by, madeBy }, version, action, { share } = {}) {
      const stored = await store.version(tenant, version);
      if (stored === undefined && version !== 0) throw noSuchModel(version);
      // What worked when it was registered may ask for a feature that a later release has not.
      if (stored !== undefined && action !== "retire")
        await check(
          tenant,
          stored.ensemble === undefined
            ? { bytes: await store.bytes(tenant, stored), sideFile: stored.sideFile }
            : { ensemble: stored.sideFile },
        );
      const registrant =
        stored === undefined
          ? { id: builtInRegistrant }
          : { id: stored.registeredBy, madeBy: stored.keyMadeBy };
      const person = { id: by, at: clock.now(), madeBy };
      const head = await store.changeHead(tenant, (current) =>
        modelSteps[action](current, { version, by: person, registrant, share }),
      );
      await book.refresh(tenant);
      await audit({
        tenant,
        actor: by,
        action: `model.${action}`,
        target: targetOf(version),
        ...(share !== undefined && { details: { share } }),
      });
      return { version, ...roleOf(head, version) };
    },
    async setPolicy({ tenant, by }, policy) {
      const person = { id: by, at: clock.now() };
      await store.changeHead(tenant, (head) => withPolicy(head, policy, person));
      await audit({
        tenant,
        actor: by,
        action: "model.policy",
        target: `models/${useCase}`,
        details: { ...policy },
      });
    },
    async promoteByPolicy(tenant, version, why) {
      await store.changeHead(tenant, (head) => policyStep(head, version, clock.now(), why));
      await book.refresh(tenant);
      await audit({
        tenant,
        actor: "policy",
        action: "model.promote",
        target: targetOf(version),
        details: { why },
      });
    },
    async rollBack(tenant, version, why) {
      let changed = false;
      await store.changeHead(tenant, (head) => {
        const next = rollbackStep(head, version, clock.now(), why);
        changed = next !== head;
        return next;
      });
      if (!changed) return false;
      await book.refresh(tenant);
      await audit({
        tenant,
        actor: "policy",
        action: "model.rollback",
        target: targetOf(version),
        details: { why },
      });
      return true;
    },
  };
}

function withState(stored: StoredModel, head: ModelHead): ModelVersion {
  return { ...stored, ...roleOf(head, stored.version) };
}

function roleOf(head: ModelHead, version: number): Pick<ModelVersion, "state" | "share"> {
  const { canary } = head;
  return {
    state: modelStateOf(head, version),
    ...(canary?.version === version && { share: canary.share }),
  };
}
