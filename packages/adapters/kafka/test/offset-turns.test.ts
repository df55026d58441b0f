import { describe, expect, it } from "vitest";
import type { Membership } from "../src/consume/group-member.ts";
import { groupOffsets } from "../src/consume/group-offsets.ts";
import { offsetTurns } from "../src/outbox/offset-turns.ts";
import { KafkaError } from "../src/wire/errors.ts";
import { deferred } from "./deferred.ts";

const place = (partition: number) => ({ group: "g", topic: "orders", partition });
const entry = (partition: number, offset: number) => ({ place: place(partition), offset });

/** Time for everything that need not wait. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("offsetTurns", () => {
  it("lets a transaction wait for a commit of the same partition, and for no other", async () => {
    const turns = offsetTurns();
    const answered = deferred();
    const committing = turns.committing([entry(0, 5)], () => answered.promise);
    let isMyTurn = false;
    const waiting = turns.delivering(place(0), 6).then(() => {
      isMyTurn = true;
    });
    await turns.delivering(place(1), 6);
    await turn();
    expect(isMyTurn).toBe(false);
    answered.resolve();
    await Promise.all([committing, waiting]);
  });

  it("leaves out of a commit what a transaction has moved as far, until the place is taken over again", async () => {
    const turns = offsetTurns();
    await turns.delivering(place(0), 6);
    const commits: unknown[] = [];
    const commit = async (open: readonly unknown[]): Promise<void> => void commits.push(open);
    await turns.committing([entry(0, 6), entry(1, 2)], commit);
    await turns.committing([entry(0, 5)], commit);
    await turns.committing([entry(0, 7)], commit);
    turns.forget(place(0));
    await turns.committing([entry(0, 6)], commit);
    expect(commits).toEqual([[entry(1, 2)], [entry(0, 7)], [entry(0, 6)]]);
  });

  it("leaves out of a commit what the group was seen to have passed", async () => {
    const turns = offsetTurns();
    turns.reached(place(0), 6);
    turns.reached(place(0), 4);
    const commits: unknown[] = [];
    const commit = async (open: readonly unknown[]): Promise<void> => void commits.push(open);
    await turns.committing([entry(0, 6), entry(1, 6)], commit);
    expect(commits).toEqual([[entry(1, 6)]]);
  });
});

interface Commit {
  readonly generation: number;
  readonly partitions: readonly number[];
}

function member(commits: Commit[], generationId: number, isRefused = false): Membership {
  const coordinator = {
    async offsetCommit(request: {
      topics: ReadonlyArray<{ partitions: ReadonlyArray<{ partition: number }> }>;
    }) {
      if (isRefused) throw new KafkaError(27, "OffsetCommit");
      const partitions = request.topics.flatMap((each) => each.partitions);
      commits.push({
        generation: generationId,
        partitions: partitions.map(({ partition }) => partition),
      });
    },
  } as unknown as Membership["coordinator"];
  return { groupId: "g", memberId: "m", generationId, coordinator };
}

function offsetsOf() {
  return groupOffsets({
    group: "g",
    turns: offsetTurns(),
    metadata: { topicName: (name: string) => name } as never,
    timeoutMs: 1_000,
    onRefused: () => {},
    onError: (error) => expect(error).toBeUndefined(),
  });
}

describe("groupOffsets", () => {
  it("does not commit as a member of a new generation what was done of a partition that is another's now", async () => {
    const commits: Commit[] = [];
    const offsets = offsetsOf();
    offsets.join(member(commits, 1, true), [place(0), place(1)]);
    offsets.done(place(0), 4);
    offsets.done(place(1), 9);
    await offsets.flush();
    offsets.join(member(commits, 2), [place(1), place(2)]);
    await offsets.flush();
    expect(commits).toEqual([{ generation: 2, partitions: [1] }]);
  });

  it("does not commit after the member came back what was done while it was none: others may be further", async () => {
    const commits: Commit[] = [];
    const offsets = offsetsOf();
    offsets.join(member(commits, 1), [place(0), place(1)]);
    offsets.lose();
    offsets.done(place(0), 4);
    offsets.join(member(commits, 3), [place(0), place(1)]);
    offsets.done(place(1), 9);
    await offsets.flush();
    expect(commits).toEqual([{ generation: 3, partitions: [1] }]);
  });
});
