import type { AssignedPartition } from "@ecap/sdk";
import type { OffsetTurns } from "../outbox/offset-turns.ts";
import type { TopicMetadata } from "../topics/topic-metadata.ts";
import { hasCode, isTransient, staleMemberCodes, toEcapError } from "../wire/errors.ts";
import { groupBy } from "../wire/group-by.ts";
import { pause } from "../wire/retrying.ts";
import type { Membership } from "./group-member.ts";
import { nameOf } from "./sticky-assignor.ts";

export interface GroupOffsets {
  /** As a member of which generation offsets are committed from now on, and of which partitions: those of others are theirs to commit. The generation follows the one before, or {@link lose} was called between them. */
  join(membership: Membership, dealt: readonly AssignedPartition[]): void;
  /** The partition's records before the offset are done. Committed soon, several partitions together; not at all after {@link lose}. */
  done(place: AssignedPartition, offset: number): void;
  /** Resolves when everything done is committed, or the group is found to have gone on without this member. */
  flush(): Promise<void>;
  /** The member is none any more: what is not committed comes again, to another. */
  lose(): void;
}

export interface GroupOffsetsOptions {
  /** As the log's users name it. */
  readonly group: string;
  readonly turns: OffsetTurns;
  readonly metadata: TopicMetadata;
  readonly timeoutMs: number;
  /** The group refused this member: it should look what happened. */
  readonly onRefused: () => void;
  readonly onError: (error: unknown) => void;
}

interface Done {
  readonly place: AssignedPartition;
  readonly offset: number;
}

/** Commits of the group's offsets: one request at a time with what was done meanwhile, so that a commit a batch costs no round trip a batch. */
export function groupOffsets(options: GroupOffsetsOptions): GroupOffsets {
  const { group, turns, metadata, timeoutMs, onRefused, onError } = options;
  let membership: Membership | undefined;
  let waiting = new Map<string, Done>();
  let running: Promise<void> | undefined;

  async function commit(entries: readonly Done[], as: Membership): Promise<void> {
    const byTopic = groupBy(entries, ({ place }) => place.topic);
    await as.coordinator.offsetCommit({
      groupId: as.groupId,
      groupGenerationId: as.generationId,
      memberId: as.memberId,
      topics: [...byTopic].map(([topic, ofTopic]) => ({
        topic: metadata.topicName(topic),
        partitions: ofTopic.map(({ place, offset }) => ({
          partition: place.partition,
          offset: String(offset),
        })),
      })),
    });
  }

  async function run(): Promise<void> {
    const until = Date.now() + timeoutMs;
    for (let as = membership; waiting.size > 0 && as !== undefined; as = membership) {
      const entries = waiting;
      waiting = new Map();
      try {
        const named = [...entries.values()].map((entry) => ({
          ...entry,
          place: { group, ...entry.place },
        }));
        await turns.committing(named, (open) => commit(open, as));
      } catch (error) {
        if (membership === as) waiting = new Map([...entries, ...waiting]);
        if (hasCode(error, staleMemberCodes)) {
          // Not of this generation: what is done stays noted for the next one, or is lost with the membership.
          onRefused();
          return;
        }
        if (!isTransient(error) || Date.now() > until) {
          onError(toEcapError(error, `committing offsets of ${as.groupId}`));
          return;
        }
        await pause(100);
      }
    }
  }

  function start(): Promise<void> {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    join(joined, dealt) {
      membership = joined;
      const mine = new Set(dealt.map(nameOf));
      for (const name of waiting.keys()) if (!mine.has(name)) waiting.delete(name);
      if (waiting.size > 0) void start();
    },
    done(place, offset) {
      // By the next membership the partition may have been another's, who is further.
      if (membership === undefined) return;
      waiting.set(nameOf(place), { place, offset });
      void start();
    },
    async flush() {
      await running;
      if (waiting.size > 0 && membership !== undefined) await start();
    },
    lose() {
      membership = undefined;
      waiting = new Map();
    },
  };
}
