import type { Claim, Commit, Committer } from "@ecap/sdk";
import { assertNotFenced, assertOwnState } from "@ecap/sdk/memory";
import type { LmdbEventLog } from "../log/lmdb-event-log.ts";
import type { LmdbStateStore } from "../state/lmdb-state-store.ts";
import type { Environment } from "../storage/environment.ts";
import type { GroupWriter, Outcome } from "../storage/group-writer.ts";
import { staged } from "../storage/staged.ts";

type Held = { readonly epoch: number; readonly offset: number | undefined };

type Place = Pick<Claim, "topology" | "topic" | "partition">;

/** A claim or a commit. */
interface Waiting {
  readonly place: Place;
  /** Puts it into the transaction; says what is held then. ECAP_FENCED where another claimed. */
  readonly stage: (before: Held | undefined) => { readonly held: Held; readonly outcome: Outcome };
  readonly reject: (error: unknown) => void;
}

export interface LmdbCommitter extends Committer {
  /** Puts waiting claims and commits into the transaction being made: after the state writes before them, before the log's blocks. */
  readonly participant: () => Outcome | undefined;
}

/** Commits as part of the group transactions: state, emits and offset are in one of them. */
export function lmdbCommitter({
  environment,
  writer,
  eventLog,
  stateStore,
}: {
  readonly environment: Environment;
  readonly writer: GroupWriter;
  readonly eventLog: LmdbEventLog;
  readonly stateStore: LmdbStateStore;
}): LmdbCommitter {
  const { claims } = environment;
  let waiting: Waiting[] = [];

  function heldAt(place: Place): Held | undefined {
    const stored = claims.get(claimKey(place));
    return stored && { epoch: stored[0], offset: stored[1] ?? undefined };
  }

  function stageHeld(place: Place, { epoch, offset }: Held): void {
    staged(claims.put(claimKey(place), [epoch, offset ?? null]));
  }

  function participant(): Outcome | undefined {
    if (waiting.length === 0) return undefined;
    const collected = waiting;
    waiting = [];
    const ahead = new Map<string, Held>();
    const outcomes: Outcome[] = [];
    for (const { place, stage, reject } of collected) {
      const name = claimKey(place).join("\n");
      try {
        const { held, outcome } = stage(ahead.get(name) ?? heldAt(place));
        ahead.set(name, held);
        outcomes.push(outcome);
      } catch (error) {
        reject(error);
      }
    }
    return {
      committed() {
        for (const outcome of outcomes) outcome.committed?.();
      },
      durable() {
        for (const outcome of outcomes) outcome.durable?.();
      },
      failed(error) {
        for (const outcome of outcomes) outcome.failed?.(error);
      },
    };
  }

  function wait<T>(
    place: Place,
    stage: (
      before: Held | undefined,
      settle: { readonly resolve: (result: T) => void; readonly reject: (error: unknown) => void },
    ) => ReturnType<Waiting["stage"]>,
  ): Promise<T> {
    writer.assertOpen();
    return new Promise<T>((resolve, reject) => {
      waiting.push({ place, stage: (before) => stage(before, { resolve, reject }), reject });
      writer.schedule(0);
    });
  }

  return {
    participant,
    async claim(topology, topic, partition) {
      const place = { topology, topic, partition };
      return wait<Claim>(place, (before, { resolve, reject }) => {
        const held = { epoch: (before?.epoch ?? 0) + 1, offset: before?.offset };
        stageHeld(place, held);
        return { held, outcome: { durable: () => resolve({ ...place, ...held }), failed: reject } };
      });
    },
    async commit(commit) {
      assertOwnState(commit);
      const { claim, nextOffset, stateChanges, emits } = commit;
      for (const { topic } of emits) eventLog.assertTopic(topic);
      await wait<void>(claim, (before, { resolve, reject }) => {
        assertNotFenced(commit, before);
        const state = stateStore.stage(stateChanges);
        for (const [topic, records] of byTopic(emits)) eventLog.stage(topic, records);
        const held = { epoch: claim.epoch, offset: nextOffset };
        stageHeld(claim, held);
        return {
          held,
          outcome: {
            committed: () => state.committed?.(),
            durable: resolve,
            failed(error) {
              state.failed?.(error);
              reject(error);
            },
          },
        };
      });
    },
  };
}

function claimKey({ topology, topic, partition }: Place): string[] {
  return [topology, topic, String(partition)];
}

/** Keeps the order within each topic. */
function byTopic(emits: Commit["emits"]) {
  const topics = new Map<string, Array<Commit["emits"][number]["record"]>>();
  for (const { topic, record } of emits) {
    const records = topics.get(topic) ?? [];
    topics.set(topic, records);
    records.push(record);
  }
  return topics;
}
