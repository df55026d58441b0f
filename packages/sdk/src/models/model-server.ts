import type { FeatureValues } from "../features/feature.ts";
import type { ModelBook, ModelInRole, ModelsInForce } from "./model-book.ts";
import type { ModelContract } from "./model-contract.ts";
import { isChosen } from "./sticky.ts";

export const servingRoles = ["champion", "canary", "challenger", "shadow"] as const;
export type ServingRole = (typeof servingRoles)[number];

/** What one model said. */
export interface ModelOpinion {
  /** Name and version, as in `card-fraud/3`. */
  readonly model: string;
  readonly role: ServingRole;
  /** Absent where it failed or was late. */
  readonly score?: number;
  readonly failure?: string;
  readonly late?: true;
  /** Of those that answered, in milliseconds. */
  readonly latencyMs?: number;
}

export interface ModelAnswer {
  /** Of the model that decides, which is the first opinion; absent where there is none or it gave no score. */
  readonly score?: number;
  readonly model?: string;
  /** Why there is no score, where there should be one. */
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
    const asked = whoToAsk(inForce, question.entity).map(({ role, model }) =>
      askOne(role, model, question.features),
    );
    const [decider, ...others] = asked;
    if (decider === undefined) return { opinions: [] };
    await Promise.race([decider.done, passed]);
    if (others.length > 0) {
      const patience = deadline(othersMs);
      await Promise.race([Promise.all(others.map(({ done }) => done)), patience.passed, passed]);
      patience.end();
    }
    const opinions = asked.map((each) => each.said());
    observe?.(question, opinions);
    const first = opinions[0]?.opinion;
    return {
      ...(first?.score !== undefined && { score: first.score, model: first.model }),
      ...(first?.failure !== undefined && { degraded: first.failure }),
      ...(first?.late === true && { degraded: lateness(deadlineMs) }),
      opinions: opinions.map(({ opinion }) => opinion),
    };
  }
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

interface Asking {
  /** Resolves when the model answered or failed. */
  readonly done: Promise<void>;
  /** What it said up to now. */
  said(): Asked;
}

function askOne(role: ServingRole, model: ModelInRole, features: FeatureValues): Asking {
  const { version, label } = model;
  const given = { model: label, role };
  if (!("scorer" in model)) {
    const opinion: ModelOpinion = { ...given, failure: model.failure.message };
    const said = { version, opinion, contract: undefined, apart: false };
    return { done: Promise.resolve(), said: () => said };
  }
  let opinion: ModelOpinion = { ...given, late: true };
  const apart = model.scorer.model.apart === true;
  const begun = performance.now();
  const done = model.scorer.score(features).then(
    (score) => {
      opinion = { ...given, score, latencyMs: performance.now() - begun };
    },
    (error: unknown) => {
      opinion = { ...given, failure: messageOf(error) };
    },
  );
  return { done, said: () => ({ version, opinion, contract: model.scorer.contract, apart }) };
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
