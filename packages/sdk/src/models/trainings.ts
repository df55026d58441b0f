import { EcapError, isEcapError } from "../errors/ecap-error.ts";
import { uuidv7 } from "../events/uuid.ts";
import type { Clock } from "../ports/clock.ts";
import type { TrainingProgress, TrainingReport, TrainOptions } from "../ports/model-trainer.ts";
import type { StateStore } from "../ports/state-store.ts";
import { jsonOf, updateJson } from "../state/json-value.ts";
import type { ModelActor, ModelDesk, ModelFile } from "./model-desk.ts";

/** A training, as it stands. */
export interface Training {
  readonly id: string;
  /** `lost`: nothing was heard of it for a minute, as where its process ended. */
  readonly state: "running" | "done" | "failed" | "lost";
  readonly by: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly updatedAt: number;
  /** Of the model. */
  readonly name: string;
  /** As `boosted`, or `ensemble`. */
  readonly algorithm: string;
  readonly progress?: TrainingProgress;
  readonly report?: TrainingReport;
  /** Of the model it registered. */
  readonly version?: number;
  /** Why it failed. */
  readonly problem?: string;
}

/** What is learned, and how. */
export interface TrainingPlan {
  readonly name: string;
  readonly algorithm: string;
  readonly learn: (
    options: Required<TrainOptions>,
  ) => Promise<{ readonly file: ModelFile; readonly report: TrainingReport }>;
  /** Make it the challenger of the model that decides. */
  readonly challenge: boolean;
  readonly note?: string | undefined;
}

/** Trains models and registers them; each training can be followed from any process. */
export interface Trainings {
  /** Begins to train and does not wait for the end; one at a time in a process, another is ECAP_OVERLOADED. */
  start(actor: ModelActor, plan: TrainingPlan): Promise<Training>;
  training(tenant: string, id: string): Promise<Training>;
  /** The last ones, newest first. */
  trainings(tenant: string): Promise<readonly Training[]>;
  /** Stops what runs. */
  close(): Promise<void>;
}

const keptMs = 30 * 86_400_000;
const lostAfterMs = 60_000;
const toldEveryMs = 1_000;
const listed = 50;

export function createTrainings({
  desk,
  stateStore,
  clock,
}: {
  readonly desk: Pick<ModelDesk, "useCase" | "register" | "move">;
  readonly stateStore: StateStore;
  readonly clock: Clock;
}): Trainings {
  const prefix = (tenant: string): string => `models/${tenant}/${desk.useCase}/training/`;
  const stop = new AbortController();
  let running: Promise<void> | undefined;

  async function tell(tenant: string, training: Training): Promise<void> {
    const key = prefix(tenant) + training.id;
    await updateJson<Training>(stateStore, key, () => training, {
      expiresAt: clock.now() + keptMs,
    });
  }

  function seen(training: Training): Training {
    const isLost = training.state === "running" && clock.now() - training.updatedAt > lostAfterMs;
    return isLost ? { ...training, state: "lost" } : training;
  }

  async function run(
    actor: ModelActor,
    begun: Training,
    { learn, challenge, note }: TrainingPlan,
  ): Promise<void> {
    let now = begun;
    let told: Promise<void> = Promise.resolve();
    // One after the other, so that the last word is the last.
    const next = (change: Partial<Training>): Promise<void> => {
      now = { ...now, ...change, updatedAt: clock.now() };
      const word = now;
      told = told.catch(() => {}).then(() => tell(actor.tenant, word));
      return told;
    };
    // Also while rows are read and a step takes long, so that it does not count as lost.
    const beat = setInterval(() => void next({}).catch(() => {}), lostAfterMs / 4);
    try {
      let toldAt = 0;
      const { file, report } = await learn({
        signal: stop.signal,
        onProgress(progress) {
          now = { ...now, progress };
          if (clock.now() - toldAt < toldEveryMs) return;
          toldAt = clock.now();
          void next({}).catch(() => {});
        },
      });
      const { version } = await desk.register(actor, {
        ...file,
        ...(note !== undefined && { note }),
      });
      if (challenge) await desk.move(actor, version, "challenge");
      clearInterval(beat);
      await next({ state: "done", report, version });
    } catch (error) {
      clearInterval(beat);
      await next({ state: "failed", problem: problemOf(error) });
    }
  }

  return {
    async start(actor, plan) {
      if (running !== undefined)
        throw new EcapError("ECAP_OVERLOADED", "this process trains a model already");
      const at = clock.now();
      const begun: Training = {
        id: uuidv7(at),
        state: "running",
        by: actor.by,
        startedAt: at,
        updatedAt: at,
        name: plan.name,
        algorithm: plan.algorithm,
      };
      // Taken before anything is waited for, so that two at once cannot both begin.
      running = tell(actor.tenant, begun)
        .then(() => run(actor, begun, plan))
        .catch(() => {})
        .finally(() => {
          running = undefined;
        });
      return begun;
    },
    async training(tenant, id) {
      const [entry] = await stateStore.get([prefix(tenant) + id]);
      if (entry === undefined)
        throw new EcapError("ECAP_NOT_FOUND", `there is no training "${id}"`);
      return seen(jsonOf(entry.value) as Training);
    },
    async trainings(tenant) {
      const found: Training[] = [];
      for await (const { value } of stateStore.scan(prefix(tenant)))
        found.push(seen(jsonOf(value) as Training));
      return found.toSorted((a, b) => b.startedAt - a.startedAt).slice(0, listed);
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** What is wrong with the data or the model is said; anything else is the platform's own trouble. */
function problemOf(error: unknown): string {
  if (isEcapError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
