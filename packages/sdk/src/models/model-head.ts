import { EcapError } from "../errors/ecap-error.ts";
import { isSamePerson } from "../plugin/same-person.ts";

export const modelStates = [
  "registered",
  "shadow",
  "challenger",
  "canary",
  "champion",
  "retired",
] as const;
export type ModelState = (typeof modelStates)[number];

/** Steps of a model's life that somebody asks for. */
export const modelActions = [
  "shadow",
  "challenge",
  "canary",
  "promote",
  "retire",
  "reinstate",
] as const;
export type ModelAction = (typeof modelActions)[number];

export interface ModelChange {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Who, or `policy`. */
  readonly by: string;
  readonly action: "register" | ModelAction | "rollback" | "policy";
  readonly version: number;
  /** Of what was done by no person. */
  readonly why?: string;
}

/** When a challenger is promoted without a person: what somebody decided once, instead of each time. */
export interface PromotionPolicy {
  /** Labelled decisions that both models have scored, at least. */
  readonly labels: number;
  /** Of these frauds, at least. */
  readonly frauds: number;
  /** How much larger the area under the challenger's ROC curve has to be. */
  readonly gain: number;
}

/** Which model of a use case has which role: one value, changed as a whole. Version 0 is the one that comes with the use case, where there is one. */
export interface ModelHead {
  readonly revision: number;
  /** The number the next version gets. */
  readonly next: number;
  /** Decides. */
  readonly champion: number;
  /** Decides for a share of the entities. */
  readonly canary?: { readonly version: number; readonly share: number };
  /** Scores beside the champion, to take its place. */
  readonly challenger?: number;
  /** Score beside the champion. */
  readonly shadows: readonly number[];
  readonly registered: readonly number[];
  /** Versions that were champion, the last first; they may be reinstated without being approved again. */
  readonly approved: readonly number[];
  readonly policy?: PromotionPolicy;
  /** The last changes, newest first; all of them are in the audit log. */
  readonly changes: readonly ModelChange[];
}

export const modelLimits = { shadows: 3, registered: 50, changes: 100, approved: 100 } as const;

export const firstModelHead: ModelHead = {
  revision: 0,
  next: 1,
  champion: 0,
  shadows: [],
  registered: [],
  approved: [0],
  changes: [],
};

export function modelStateOf(head: ModelHead, version: number): ModelState {
  if (version < 0 || version >= head.next) throw noSuchModel(version);
  if (version === head.champion) return "champion";
  if (version === head.canary?.version) return "canary";
  if (version === head.challenger) return "challenger";
  if (head.shadows.includes(version)) return "shadow";
  return head.registered.includes(version) ? "registered" : "retired";
}

export function noSuchModel(version: number): EcapError {
  return new EcapError("ECAP_MODEL_NOT_FOUND", `there is no model of version ${version}`);
}

export interface ModelPerson {
  /** User name or API key id. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Of an API key: who made it. */
  readonly madeBy?: string | undefined;
}

type Registrant = Pick<ModelPerson, "id" | "madeBy">;

export interface StepRequest {
  readonly version: number;
  readonly by: ModelPerson;
  /** Who registered the version. */
  readonly registrant: Registrant;
  /** Of a canary: 0 to 1. */
  readonly share?: number | undefined;
}

/** What becomes of a head by each step; one that the state does not allow is ECAP_CONFLICT. */
export const modelSteps: Readonly<
  Record<ModelAction, (head: ModelHead, request: StepRequest) => ModelHead>
> = {
  shadow(head, { version, by }) {
    mustBe(head, version, ["registered", "challenger"]);
    if (head.shadows.length >= modelLimits.shadows)
      throw new EcapError(
        "ECAP_CONFLICT",
        `there are ${modelLimits.shadows} shadows; retire one first`,
      );
    const moved = without(head, version);
    return noted({ ...moved, shadows: [...moved.shadows, version] }, "shadow", version, by);
  },
  /** In the place of the challenger there was, which is retired. */
  challenge(head, { version, by }) {
    mustBe(head, version, ["registered", "shadow", "canary"]);
    return noted({ ...without(head, version), challenger: version }, "challenge", version, by);
  },
  /** It decides on real entities, so it needs the approval that a champion needs. */
  canary(head, { version, by, registrant, share }) {
    mustBe(head, version, ["shadow", "challenger", "canary"]);
    if (share === undefined || !(share > 0 && share < 1))
      throw new EcapError("ECAP_REQUEST_INVALID", "share: expected a number between 0 and 1", {
        path: "/share",
      });
    if (head.canary !== undefined && head.canary.version !== version)
      throw new EcapError(
        "ECAP_CONFLICT",
        `version ${head.canary.version} is the canary; retire it first`,
      );
    mustBeApproved(by, registrant);
    return noted({ ...without(head, version), canary: { version, share } }, "canary", version, by);
  },
  promote(head, { version, by, registrant }) {
    mustBe(head, version, ["shadow", "challenger", "canary"]);
    mustBeApproved(by, registrant);
    return noted(crowned(head, version), "promote", version, by);
  },
  retire(head, { version, by }) {
    mustBe(head, version, ["registered", "shadow", "challenger", "canary"]);
    return noted(without(head, version), "retire", version, by);
  },
  /** Back to a version that decided before: by anybody, for it was approved then. */
  reinstate(head, { version, by }) {
    mustBe(head, version, ["retired"]);
    if (!head.approved.includes(version))
      throw new EcapError(
        "ECAP_CONFLICT",
        `version ${version} was never champion; register it again`,
      );
    return noted(crowned(head, version), "reinstate", version, by);
  },
};

export function registerStep(head: ModelHead, version: number, by: ModelPerson): ModelHead {
  if (head.registered.length >= modelLimits.registered)
    throw new EcapError("ECAP_CONFLICT", `${modelLimits.registered} models wait; retire one first`);
  return noted({ ...head, registered: [...head.registered, version] }, "register", version, by);
}

/** A challenger that did what a policy asks. */
export function policyStep(head: ModelHead, version: number, at: number, why: string): ModelHead {
  mustBe(head, version, ["challenger"]);
  return noted(crowned(head, version), "promote", version, { id: "policy", at }, why);
}

/**
 * Takes a model away that does harm: the champion before it decides again, any other is retired. The same head where its role is another by now, or there is
 * nothing to go back to.
 */
export function rollbackStep(head: ModelHead, version: number, at: number, why: string): ModelHead {
  const by = { id: "policy", at };
  if (version !== head.champion) {
    const serves = ["shadow", "challenger", "canary"].includes(modelStateOf(head, version));
    return serves ? noted(without(head, version), "rollback", version, by, why) : head;
  }
  const before = head.approved.find((other) => other !== version);
  if (before === undefined) return head;
  // It may not be gone back to in turn.
  const approved = head.approved.filter((other) => other !== version);
  return noted({ ...head, champion: before, approved }, "rollback", version, by, why);
}

export function withPolicy(
  head: ModelHead,
  policy: PromotionPolicy | undefined,
  by: ModelPerson,
): ModelHead {
  const { policy: _, ...rest } = head;
  return noted(policy === undefined ? rest : { ...rest, policy }, "policy", head.champion, by);
}

function crowned(head: ModelHead, version: number): ModelHead {
  const approved = [version, ...head.approved.filter((other) => other !== version)];
  return {
    ...without(head, version),
    champion: version,
    approved: approved.slice(0, modelLimits.approved),
  };
}

function mustBeApproved(by: ModelPerson, registrant: Registrant): void {
  if (isSamePerson(by, registrant))
    throw new EcapError(
      "ECAP_FORBIDDEN",
      "a model is approved by somebody else than who registered it",
    );
}

function mustBe(head: ModelHead, version: number, states: readonly ModelState[]): void {
  const state = modelStateOf(head, version);
  if (!states.includes(state))
    throw new EcapError(
      "ECAP_CONFLICT",
      `version ${version} is ${state}, not ${states.join(" or ")}`,
    );
}

function without({ canary, challenger, ...head }: ModelHead, version: number): ModelHead {
  const others = (versions: readonly number[]): readonly number[] =>
    versions.filter((other) => other !== version);
  return {
    ...head,
    shadows: others(head.shadows),
    registered: others(head.registered),
    ...(canary !== undefined && canary.version !== version && { canary }),
    ...(challenger !== undefined && challenger !== version && { challenger }),
  };
}

function noted(
  head: ModelHead,
  action: ModelChange["action"],
  version: number,
  { id, at }: ModelPerson,
  why?: string,
): ModelHead {
  const change: ModelChange = { at, by: id, action, version, ...(why !== undefined && { why }) };
  return {
    ...head,
    revision: head.revision + 1,
    changes: [change, ...head.changes].slice(0, modelLimits.changes),
  };
}
