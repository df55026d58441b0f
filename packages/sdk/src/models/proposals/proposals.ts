import { EcapError } from "../../errors/ecap-error.ts";
import { uuidv7 } from "../../events/uuid.ts";
import type { Clock } from "../../ports/clock.ts";
import type { StateStore } from "../../ports/state-store.ts";
import { jsonOf, updateJson } from "../../state/json-value.ts";
import type { Decay } from "./decay.ts";

/** Why a model is to be trained again. */
export type Evidence =
  | (Decay & {
      readonly kind: "decay";
      /** Labelled cases of now, and how many of these are positive. */
      readonly labelled: number;
      readonly positives: number;
    })
  | {
      readonly kind: "score-drift" | "feature-drift";
      /** Of a feature. */
      readonly feature?: string;
      readonly psi: number;
      /** What the index exceeds by chance in one case of a hundred. */
      readonly threshold: number;
      readonly values: number;
    };

export interface Proposal {
  readonly id: string;
  /** The model that decided, by number and by name and version. */
  readonly version: number;
  readonly model: string;
  /** `overtaken`: another model decides by now. */
  readonly state: "open" | "accepted" | "dismissed" | "overtaken";
  /** Epoch milliseconds. */
  readonly raisedAt: number;
  readonly evidence: readonly Evidence[];
  readonly closedAt?: number;
  readonly closedBy?: string;
  /** Why it was dismissed. */
  readonly reason?: string;
  /** Of one that was accepted. */
  readonly training?: string;
  /** Whether the alert that goes with it was sent. */
  readonly isTold?: true;
}

/** Proposals to train a use case's model again: one open at a time. */
export interface Proposals {
  /** Newest first. */
  list(tenant: string): Promise<readonly Proposal[]>;
  /** Raises one; undefined where one is open for the model, or one was closed less than two weeks ago. */
  raise(
    tenant: string,
    found: Pick<Proposal, "version" | "model" | "evidence">,
  ): Promise<Proposal | undefined>;
  /** Closes an open one: ECAP_CONFLICT where it is none any more, ECAP_NOT_FOUND where there is none of this id. */
  close(
    tenant: string,
    id: string,
    how: Pick<Proposal, "closedBy" | "reason"> & {
      readonly state: Exclude<Proposal["state"], "open">;
    },
  ): Promise<Proposal>;
  /** Names the training of one that was accepted. */
  began(tenant: string, id: string, training: string): Promise<Proposal>;
  /** Where no training could begin. */
  reopen(tenant: string, id: string): Promise<Proposal>;
  /** The alert that goes with it was sent. */
  told(tenant: string, id: string): Promise<Proposal>;
}

/** How long a model is left alone when somebody has answered. */
const quietMs = 14 * 86_400_000;
const keptAtMost = 50;

export function createProposals({
  useCase,
  stateStore,
  clock,
}: {
  readonly useCase: string;
  readonly stateStore: StateStore;
  readonly clock: Clock;
}): Proposals {
  const keyOf = (tenant: string): string => `models/${tenant}/${useCase}/proposals`;

  async function list(tenant: string): Promise<readonly Proposal[]> {
    const [entry] = await stateStore.get([keyOf(tenant)]);
    return entry === undefined ? [] : (jsonOf(entry.value) as readonly Proposal[]);
  }

  async function change(
    tenant: string,
    next: (known: readonly Proposal[]) => readonly Proposal[],
  ): Promise<readonly Proposal[]> {
    const changed = await updateJson<readonly Proposal[]>(stateStore, keyOf(tenant), (known = []) =>
      next(known),
    );
    await stateStore.flush();
    return changed;
  }

  async function changeOne(
    tenant: string,
    id: string,
    next: (proposal: Proposal) => Proposal,
  ): Promise<Proposal> {
    const isIt = (each: Proposal): boolean => each.id === id;
    const none = (): EcapError => new EcapError("ECAP_NOT_FOUND", `there is no proposal "${id}"`);
    const changed = await change(tenant, (known) => {
      if (!known.some(isIt)) throw none();
      return known.map((each) => (isIt(each) ? next(each) : each));
    });
    const found = changed.find(isIt);
    if (found === undefined) throw none();
    return found;
  }

  return {
    list,
    async raise(tenant, found) {
      const now = clock.now();
      const isQuiet = ({ version, state, closedAt = 0 }: Proposal): boolean =>
        version === found.version && (state === "open" || now - closedAt < quietMs);
      if ((await list(tenant)).some(isQuiet)) return undefined;
      const raised: Proposal = { id: uuidv7(now), state: "open", raisedAt: now, ...found };
      const changed = await change(tenant, (known) =>
        known.some(isQuiet) ? known : [raised, ...known].slice(0, keptAtMost),
      );
      return changed.find(({ id }) => id === raised.id);
    },
    close: (tenant, id, how) =>
      changeOne(tenant, id, (proposal) => {
        if (proposal.state !== "open")
          throw new EcapError("ECAP_CONFLICT", `the proposal is ${proposal.state} already`);
        return { ...proposal, ...how, closedAt: clock.now() };
      }),
    began: (tenant, id, training) => changeOne(tenant, id, (known) => ({ ...known, training })),
    reopen: (tenant, id) =>
      changeOne(tenant, id, (known) => {
        const { closedAt: _, closedBy: __, ...rest } = known;
        return { ...rest, state: "open" };
      }),
    told: (tenant, id) => changeOne(tenant, id, (known) => ({ ...known, isTold: true })),
  };
}
