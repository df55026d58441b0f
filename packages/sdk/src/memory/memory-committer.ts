import { EcapError } from "../errors/ecap-error.ts";
import { type Claim, type Commit, type Committer, claimPrefix } from "../ports/committer.ts";
import type { MemoryEventLog } from "./memory-event-log.ts";
import { unknownTopic } from "./memory-event-log.ts";
import type { MemoryStateStore } from "./memory-state-store.ts";

/** A Committer over the memory log and state: a commit happens between two turns of the event loop. */
export function memoryCommitter({
  eventLog,
  stateStore,
}: {
  readonly eventLog: MemoryEventLog;
  readonly stateStore: MemoryStateStore;
}): Committer {
  const claims = new Map<string, Claim>();

  return {
    async claim(topology, topic, partition) {
      const name = claimName({ topology, topic, partition });
      const held = claims.get(name);
      const epoch = (held?.epoch ?? 0) + 1;
      const claim = { topology, topic, partition, epoch, offset: held?.offset };
      claims.set(name, claim);
      return claim;
    },
    async commit(commit) {
      const { claim, nextOffset, stateChanges, emits } = commit;
      assertOwnState(commit);
      const known = new Set((await eventLog.topics()).map(({ topic }) => topic));
      for (const { topic } of emits) if (!known.has(topic)) throw unknownTopic(topic);
      const name = claimName(claim);
      const held = claims.get(name);
      assertNotFenced(commit, held);
      stateStore.applyNow(stateChanges);
      for (const { topic, record } of emits) eventLog.appendNow(topic, [record]);
      claims.set(name, { ...claim, offset: nextOffset });
    },
  };
}

export function claimName({
  topology,
  topic,
  partition,
}: Pick<Claim, "topology" | "topic" | "partition">): string {
  return `${topology}\n${topic}/${partition}`;
}

/** Throws ECAP_STATE_GROUP where a change is not the claim's own. */
export function assertOwnState({ claim, stateChanges }: Commit): void {
  const prefix = claimPrefix(claim);
  const foreign = stateChanges.find(({ key }) => !key.startsWith(prefix));
  if (foreign === undefined) return;
  throw new EcapError("ECAP_STATE_GROUP", `a commit changes only keys that begin with ${prefix}`, {
    received: foreign.key,
  });
}

/** Throws ECAP_FENCED unless the commit continues what is held. */
export function assertNotFenced(
  { claim, expectedOffset }: Commit,
  held: Pick<Claim, "epoch" | "offset"> | undefined,
): void {
  if (held?.epoch === claim.epoch && held.offset === expectedOffset) return;
  const place = `${claim.topology} on ${claim.topic}/${claim.partition}`;
  throw new EcapError(
    "ECAP_FENCED",
    held?.epoch === claim.epoch
      ? `${place} stands at offset ${held.offset ?? "none"}, not at ${expectedOffset ?? "none"}`
      : `${place} was claimed again (epoch ${held?.epoch ?? "none"}, not ${claim.epoch})`,
  );
}
