import type { FeatureValues } from "../features/feature.ts";
import { combine } from "./ensemble/ensemble.ts";
import type { ModelBook } from "./model-book.ts";
import type { ModelContract } from "./model-contract.ts";
import type { EnsembleParts, ModelInRole, ModelsInForce, ServedModel } from "./served-model.ts";
import { isChosen } from "./sticky.ts";

export const servingRoles = ["champion", "canary", "challenger", "shadow"] as const;
export type ServingRole = (typeof servingRoles)[number];

/** What a model was heard to say up to a moment. */
export interface Heard {
  /** Absent where it failed or was late. */
  readonly score?: number;
  readonly failure?: string;
  readonly late?: true;
  /** Of those that answered, in milliseconds. */
  readonly latencyMs?: number;
}

/** What one member of an ensemble said. */
export interface MemberOpinion extends Heard {
  /** Name and version, as in `card-fraud/3`. */
  readonly model: string;
}

/** What one model said. */
export interface ModelOpinion extends MemberOpinion {
  readonly role: ServingRole;
  /** Of an ensemble. */
  readonly members?: readonly MemberOpinion[];
}

export interface ModelAnswer {
  /** Of the model that decides, which is the first opinion; absent where there is none or it gave no score. */
  readonly score?: number;
  readonly model?: string;
  /** Why there is no score, where there should be one; or which members an ensemble scored without. */
  readonly degraded?: string;
  /** Of every model that was asked. */
  readonly opinions: readonly ModelOpinion[];
}

export interface ModelQuestion {
  readonly tenant: string;
  /** Whom the features are of; the same entity always meets the same side of a canary. */
  readonly entity: string;
  readonly features: FeatureValues;
}

export interface ModelServer {
  /** Scores by the models in force, and always answers within the deadline. */
  ask(question: ModelQuestion): Promise<ModelAnswer>;
}

/** What a model was asked and said. */
export interface Asked {
  readonly version: number;
  readonly opinion: ModelOpinion;
  /** Absent where it could not be loaded. */
  readonly contract: ModelContract | undefined;
  /** Whether it scores in a thread of its own. */
  readonly apart: boolean;
}

/** Told of every answer. Must be quick, and not throw. */
export type Observe = (question: ModelQuestion, asked: readonly Asked[]) => void;

export interface ModelServerOptions {
  readonly book: Pick<ModelBook, "current">;
  /** How long an answer may take, in milliseconds. */
  readonly deadlineMs: number;
  /** How long challenger and shadows are waited for once the deciding model has answered, in milliseconds. Default 2. */
  readonly othersMs?: number;
  readonly observe?: Observe;
}

export function createModelServer({
  book,
  deadlineMs,
  othersMs = 2,
  observe,
}: ModelServerOptions): ModelServer {
  return {
    async ask(question) {
      const timer = deadline(deadlineMs);
      try {
        const known = book.current(question.tenant);
        const inForce =
          known instanceof Promise ? await Promise.race([known, timer.passed]) : known;
        if (inForce === undefined) return tooLate(deadlineMs);
        return await answer(inForce, question, timer.passed);
      } catch (error) {
        return { degraded: messageOf(error), opinions: [] };
      } finally {
        timer.end();
      }
    },
  };

  async function answer(
    inForce: ModelsInForce,
    question: ModelQuestion,
    passed: Promise<undefined>,
  ): Promise<ModelAnswer> {
    const calls: Call[] = [];
    const asked = whoToAsk(inForce, question.entity).map(({ role, model }) => ({
      role,
      model,
      call: callOf(model, question.features, calls),
    }));
    const [decider, ...others] = asked;
    if (decider === undefined) return { opinions: [] };
    await Promise.race([decider.call.done, passed]);
    if (others.length > 0) {
      const patience = deadline(othersMs);
      const all = Promise.all(others.map(({ call }) => call.done));
      await Promise.race([all, patience.passed, passed]);
      patience.end();
    }
    const opinions = asked.map(({ role, model, call }, at) =>
      askedOf(model, { model: model.label, role, ...call.heard(at === 0) }),
    );
    observe?.(question, opinions);
    const first = opinions[0]?.opinion;
    const degraded = first && missingIn(first, deadlineMs);
    return {
      ...(first?.score !== undefined && { score: first.score, model: first.model }),
      ...(degraded !== undefined && { degraded }),
      opinions: opinions.map(({ opinion }) => opinion),
    };
  }
}

function askedOf(model: ModelInRole, opinion: ModelOpinion): Asked {
  const { version } = model;
  if (!("scorer" in model)) return { version, opinion, contract: undefined, apart: false };
  const { contract, apart } = model.scorer;
  return { version, opinion, contract, apart };
}

/** What is to be told of an answer that is not whole. */
function missingIn(
  { model, score, failure, late, members = [] }: ModelOpinion,
  deadlineMs: number,
): string | undefined {
  if (failure !== undefined) return failure;
  if (late === true) return lateness(deadlineMs);
  if (score === undefined || members.every((member) => member.score !== undefined))
    return undefined;
  return `${model} scored without ${lacking(members)}`;
}

function lacking(members: readonly MemberOpinion[]): string {
  return members
    .filter(({ score }) => score === undefined)
    .map(({ model, failure }) => `${model} (${failure ?? "late"})`)
    .join(", ");
}

/** The model that decides first: the champion, or for its share of the entities the canary. */
function whoToAsk(
  { champion, canary, challenger, shadows }: ModelsInForce,
  entity: string,
): ReadonlyArray<{ readonly role: ServingRole; readonly model: ModelInRole }> {
  const chosen = canary !== undefined && isChosen(canary.model.label, entity, canary.share);
  return [
    ...(chosen ? [{ role: "canary" as const, model: canary.model }] : []),
    ...(champion === undefined ? [] : [{ role: "champion" as const, model: champion }]),
    ...(challenger === undefined ? [] : [{ role: "challenger" as const, model: challenger }]),
    ...shadows.map((model) => ({ role: "shadow" as const, model })),
  ];
}

/** A question to one model, asked once however many want the answer. */
interface Call {
  readonly model: ModelInRole;
  /** Resolves when the model answered or failed. */
  readonly done: Promise<unknown>;
  /** What it said up to now. `decides`: it was waited for as long as may be. */
  heard(decides: boolean): Heard & Pick<ModelOpinion, "members">;
}

const answered = Promise.resolve();

function callOf(model: ModelInRole, features: FeatureValues, calls: Call[]): Call {
  const known = calls.find((call) => call.model === model);
  if (known !== undefined) return known;
  const made = begin(model, features, calls);
  calls.push(made);
  return made;
}

function begin(model: ModelInRole, features: FeatureValues, calls: Call[]): Call {
  if (!("scorer" in model)) {
    const failed = { failure: model.failure.message };
    return { model, done: answered, heard: () => failed };
  }
  return model.parts === undefined
    ? askModel(model, features)
    : askMembers(model, model.parts, features, calls);
}

function askModel(model: ServedModel, features: FeatureValues): Call {
  let heard: Heard = { late: true };
  const begun = performance.now();
  const done = model.scorer.score(features).then(
    (score) => {
      heard = { score, latencyMs: performance.now() - begun };
    },
    (error: unknown) => {
      heard = { failure: messageOf(error) };
    },
  );
  return { model, done, heard: () => heard };
}

/**
 * A member that fails, or is late where the ensemble decides, gives its weight to the others as long as these are the ensemble's quorum. An ensemble that does not
 * decide is waited for less, and one that a member is late for then counts as late: its score would be another than the one it will decide by.
 */
function askMembers(
  model: ServedModel,
  { ensemble, members }: EnsembleParts,
  features: FeatureValues,
  calls: Call[],
): Call {
  const own = members.map((member) => callOf(member, features, calls));
  return {
    model,
    done: Promise.all(own.map(({ done }) => done)),
    heard(decides) {
      const said = own.map(
        (call): MemberOpinion => ({ model: call.model.label, ...call.heard(decides) }),
      );
      const isLate = said.some(({ late }) => late === true);
      if (isLate && !decides) return { late: true, members: said };
      const score = combine(
        ensemble,
        said.map((each) => each.score),
      );
      if (score !== undefined) {
        const latencyMs = Math.max(...said.map((each) => each.latencyMs ?? 0));
        return { score, ...(!isLate && { latencyMs }), members: said };
      }
      if (isLate) return { late: true, members: said };
      return { failure: `too few members answered: ${lacking(said)}`, members: said };
    },
  };
}

function deadline(ms: number): { readonly passed: Promise<undefined>; end(): void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { passed, end: () => clearTimeout(timer) };
}

function tooLate(deadlineMs: number): ModelAnswer {
  return { degraded: lateness(deadlineMs), opinions: [] };
}

function lateness(deadlineMs: number): string {
  return `the model took longer than ${deadlineMs} ms`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
