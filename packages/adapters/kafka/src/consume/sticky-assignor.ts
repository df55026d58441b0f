import type { AssignedPartition } from "@ecap/sdk";
import kafkajs from "kafkajs";

/** The name members agree on; a group is dealt by one way only. */
export const assignorName = "ecap-sticky";

export interface GroupMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What it had before the group was dealt anew. */
  readonly held: readonly AssignedPartition[];
}

/**
 * Deals the partitions evenly and leaves them where they were as far as that allows: each partition that changes hands costs its topology a
 * claim and its state. `partitions` says how many a topic has.
 */
export function deal(
  members: readonly GroupMember[],
  partitions: ReadonlyMap<string, number>,
): Map<string, AssignedPartition[]> {
  const dealt = new Map<string, AssignedPartition[]>();
  const sorted = members.toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
  for (const { memberId } of sorted) dealt.set(memberId, []);
  const free = new Map<string, AssignedPartition>();
  for (const [topic, count] of [...partitions].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    for (let partition = 0; partition < count; partition += 1) {
      free.set(nameOf({ topic, partition }), { topic, partition });
    }
  }
  const most = Math.ceil(free.size / Math.max(sorted.length, 1));
  for (const { memberId, held, topics } of sorted) {
    const mine = dealt.get(memberId) ?? [];
    for (const each of held) {
      if (mine.length >= most || !topics.includes(each.topic)) continue;
      if (free.delete(nameOf(each))) mine.push(each);
    }
  }
  for (const each of free.values()) {
    leastOf(sorted, dealt, each.topic)?.push(each);
  }
  level(sorted, dealt);
  return dealt;
}

/** Moves partitions from who has most to who has least, while they differ by more than one. */
function level(members: readonly GroupMember[], dealt: Map<string, AssignedPartition[]>): void {
  for (;;) {
    const from = members.toSorted((a, b) => sizeOf(dealt, b) - sizeOf(dealt, a));
    const moved = from.some(({ memberId }) => {
      const mine = dealt.get(memberId) ?? [];
      return mine.some((each, i) => {
        const target = leastOf(members, dealt, each.topic);
        if (target === undefined || mine.length - target.length < 2) return false;
        mine.splice(i, 1);
        target.push(each);
        return true;
      });
    });
    if (!moved) return;
  }
}

function sizeOf(dealt: ReadonlyMap<string, readonly unknown[]>, { memberId }: GroupMember): number {
  return dealt.get(memberId)?.length ?? 0;
}

/** What the member has got that takes the topic and has least. */
function leastOf(
  members: readonly GroupMember[],
  dealt: ReadonlyMap<string, AssignedPartition[]>,
  topic: string,
): AssignedPartition[] | undefined {
  let least: AssignedPartition[] | undefined;
  for (const { memberId, topics } of members) {
    const mine = dealt.get(memberId);
    if (mine === undefined || !topics.includes(topic)) continue;
    if (least === undefined || mine.length < least.length) least = mine;
  }
  return least;
}

export function nameOf({ topic, partition }: AssignedPartition): string {
  return `${topic}/${partition}`;
}

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

/** In the consumer protocol, so that other tools can read what the group's members want. */
export function encodeMember({ topics, held }: Omit<GroupMember, "memberId">): Buffer {
  const userData = Buffer.from(JSON.stringify(held.map((each) => [each.topic, each.partition])));
  return MemberMetadata.encode({ version: 0, topics: [...topics], userData });
}

export function decodeMember(memberId: string, metadata: Buffer): GroupMember {
  const { topics = [], userData } = MemberMetadata.decode(metadata) ?? {};
  return { memberId, topics, held: heldOf(userData) };
}

function heldOf(userData: Buffer | undefined): AssignedPartition[] {
  try {
    const held: Array<[string, number]> = JSON.parse(userData?.toString() ?? "[]");
    return held.map(([topic, partition]) => ({ topic, partition }));
  } catch {
    return []; // the member was no ECAP
  }
}

export function encodeAssignment(partitions: readonly AssignedPartition[]): Buffer {
  const assignment: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) (assignment[topic] ??= []).push(partition);
  return MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) });
}

export function decodeAssignment(bytes: Buffer): AssignedPartition[] {
  const { assignment = {} } = MemberAssignment.decode(bytes) ?? {};
  return Object.entries(assignment).flatMap(([topic, partitions]) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
