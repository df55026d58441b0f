import type { Claim, Commit, Committer } from "@ecap/sdk";
import { assertNotFenced, assertOwnState } from "@ecap/sdk/memory";
import type { LmdbEventLog } from "../log/lmdb-event-log.ts";
import type { LmdbStateStore } from "../state/lmdb-state-store.ts";
import type { Environment } from "../storage/environment.ts";
import type { GroupWriter, Outcome } from "../storage/group-writer.ts";
import { staged } from "../storage/staged.ts";

type Held = { readonly epoch: number; readonly offset: number | undefined };

interface WaitingCommit {
  readonly commit: Commit;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface LmdbCommitter extends Committer {
  /** Puts waiting commits into the transaction being made: after the state writes before them, before the log's blocks. */
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
  const { claims, root } = environment;
  let waiting: WaitingCommit[] = [];

  function held(key: string[]): Held | undefined {
    const stored = claims.get(key);
    return stored && { epoch: stored[0], offset: stored[1] ?? undefined };
  }

  function participant(): Outcome | undefined {
    if (waiting.length === 0) return undefined;
    const collected = waiting;
    waiting = [];
    const ahead = new Map<string, Held>();
    const outcomes: Outcome[] = [];
    const taken: WaitingCommit[] = [];
    for (const each of collected) {
      const { claim, nextOffset, stateChanges, emits } = each.commit;
      const key = claimKey(claim);
      const name = key.join("\n");
      try {
        assertNotFenced(each.commit, ahead.get(name) ?? held(key));
      } catch (error) {
        each.reject(error);
        continue;
      }
      outcomes.push(stateStore.stage(stateChanges));
      for (const [topic, records] of byTopic(emits)) eventLog.stage(topic, records);
      ahead.set(name, { epoch: claim.epoch, offset: nextOffset });
      staged(claims.put(key, [claim.epoch, nextOffset]));
      taken.push(each);
    }
    return {
      committed() {
        for (const outcome of outcomes) outcome.committed?.();
      },
      durable() {
        for (const { resolve } of taken) resolve();
      },
      failed(error) {
        for (const outcome of outcomes) outcome.failed?.(error);
        for (const { reject } of taken) reject(error);
      },
    };
  }

  return {
    participant,
    async claim(topology, topic, partition) {
      writer.assertOpen();
      const key = claimKey({ topology, topic, partition });
      // What was committed before this call must not be lost on the new claim.
      await writer.flush();
      const claim = await root.transaction(() => {
        const before = held(key);
        const epoch = (before?.epoch ?? 0) + 1;
        staged(claims.put(key, [epoch, before?.offset ?? null]));
        return { topology, topic, partition, epoch, offset: before?.offset };
      });
      await root.flushed;
      return claim;
    },
    async commit(commit) {
      writer.assertOpen();
      assertOwnState(commit);
      for (const { topic } of commit.emits) eventLog.assertTopic(topic);
      await new Promise<void>((resolve, reject) => {
        waiting.push({ commit, resolve, reject });
        writer.schedule(0);
      });
    },
  };
}

function claimKey({
  topology,
  topic,
  partition,
}: Pick<Claim, "topology" | "topic" | "partition">): string[] {
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
