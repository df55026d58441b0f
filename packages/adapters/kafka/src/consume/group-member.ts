import type { AssignedPartition } from "@ecap/sdk";
import type { Settings } from "../options.ts";
import type { TopicMetadata } from "../topics/topic-metadata.ts";
import { codeOf, codes, hasCode, isTransient } from "../wire/errors.ts";
import type { JoinedGroup, WireBroker } from "../wire/kafkajs-types.ts";
import type { Link } from "../wire/link.ts";
import { pause } from "../wire/retrying.ts";
import {
  assignorName,
  deal,
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
} from "./sticky-assignor.ts";

/** One generation of the group as one member has it. */
export interface Membership {
  readonly groupId: string;
  readonly memberId: string;
  readonly generationId: number;
  readonly coordinator: WireBroker;
}

export interface GroupMemberEvents {
  /** What the member has, as the group last dealt it. */
  held(): readonly AssignedPartition[];
  /** Before the group is dealt anew: resolves when no batch is under way and what was done is committed. Never rejects. */
  hold(): Promise<void>;
  /** The group was dealt. Never rejects. */
  assigned(membership: Membership, partitions: readonly AssignedPartition[]): Promise<void>;
  /** The group went on without this member: everything it had is others'. Never rejects. */
  lost(): Promise<void>;
  error(error: unknown): void;
}

export interface GroupMemberOptions {
  readonly link: Link;
  readonly metadata: TopicMetadata;
  readonly settings: Settings;
  readonly groupId: string;
  /** As the log's users name them. */
  readonly topics: readonly string[];
  readonly events: GroupMemberEvents;
}

export interface RunningMember {
  /** The group may have been dealt anew: look now, not at the next heartbeat. */
  look(): void;
  /** Ends the membership; resolves with the last one, where there is one to leave. */
  stop(): Promise<Membership | undefined>;
}

/** How a stay in a generation ended. */
type Ending = "rebalance" | "lost" | "stopped";

const firstBackoffMs = 100;
const maxBackoffMs = 5_000;
const joinGraceMs = 500;
/** How often the leader looks whether a topic got more partitions. */
const growthEveryMs = 30_000;

/** The member is none of the group any more, or not of its present generation. */
const goneCodes: ReadonlySet<number> = new Set([codes.unknownMember, codes.illegalGeneration]);

/**
 * A member of a consumer group. kafkajs's own member stops for good after some errors, and says nothing of what it lost (#1088, #1527,
 * #1720, #558); this one goes on until it is stopped, sends heartbeats however long a batch takes, and lets batches finish before it joins again.
 */
export function runGroupMember(options: GroupMemberOptions): RunningMember {
  const { link, metadata, settings, groupId, topics, events } = options;
  const { sessionTimeoutMs, rebalanceTimeoutMs, heartbeatIntervalMs } = settings;
  const stopped = new AbortController();
  const { signal } = stopped;
  let memberId = "";
  let membership: Membership | undefined;
  let wake: (() => void) | undefined;
  let hurry = false;
  let isLeader = false;
  let isJoining = false;
  /** What the leader dealt, to see whether it grew. */
  let dealtSizes = "";

  async function findCoordinator(): Promise<WireBroker> {
    const { topicName } = await metadata.topic(topics[0] ?? "");
    const broker = await link.any();
    const found = await broker.findGroupCoordinator({ groupId, coordinatorType: 0 });
    return link.node(found.coordinator.nodeId, topicName);
  }

  async function join(): Promise<AssignedPartition[]> {
    const coordinator = await findCoordinator();
    const joined = await coordinator.joinGroup({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      memberId,
      groupProtocols: [
        { name: assignorName, metadata: encodeMember({ topics, held: events.held() }) },
      ],
    });
    memberId = joined.memberId;
    const { generationId } = joined;
    const groupAssignment = joined.leaderId === memberId ? await dealAll(joined) : [];
    const { memberAssignment } = await coordinator.syncGroup({
      groupId,
      generationId,
      memberId,
      groupAssignment,
    });
    membership = { groupId, memberId, generationId, coordinator };
    isLeader = joined.leaderId === memberId;
    return decodeAssignment(memberAssignment);
  }

  async function dealAll({ members }: JoinedGroup) {
    const group = members.map((each) => decodeMember(each.memberId, each.memberMetadata));
    const sizes = await sizesOf(new Set(group.flatMap((each) => each.topics)));
    dealtSizes = JSON.stringify([...sizes]);
    return [...deal(group, sizes)].map(([member, partitions]) => ({
      memberId: member,
      memberAssignment: encodeAssignment(partitions),
    }));
  }

  async function sizesOf(names: ReadonlySet<string>): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (const name of [...names].toSorted()) {
      metadata.forget(name);
      sizes.set(name, (await metadata.topic(name)).leaders.length);
    }
    return sizes;
  }

  /** Whether the leader sees other topics or sizes than it dealt. */
  async function hasGrown(): Promise<boolean> {
    if (!isLeader) return false;
    return JSON.stringify([...(await sizesOf(new Set(topics)))]) !== dealtSizes;
  }

  function interval(): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        clearTimeout(timer);
        wake = undefined;
        hurry = false;
        resolve();
      };
      const timer = setTimeout(resume, hurry ? 0 : heartbeatIntervalMs);
      wake = resume;
    });
  }

  /** One heartbeat: how the stay ends by it, or undefined where it goes on. */
  async function beat(lastHeard: number): Promise<Ending | "unheard" | undefined> {
    const { coordinator, generationId } = membership as Membership;
    try {
      await coordinator.heartbeat({ groupId, groupGenerationId: generationId, memberId });
      return undefined;
    } catch (error) {
      if (codeOf(error) === codes.rebalanceInProgress) return "rebalance";
      if (hasCode(error, goneCodes)) {
        if (codeOf(error) === codes.unknownMember) memberId = "";
        return "lost";
      }
      const silentMs = Date.now() - lastHeard;
      if (silentMs > sessionTimeoutMs || !isTransient(error)) {
        events.error(error);
        return "lost";
      }
      await moveCoordinator();
      return "unheard";
    }
  }

  async function moveCoordinator(): Promise<void> {
    try {
      const coordinator = await findCoordinator();
      membership = { ...(membership as Membership), coordinator };
    } catch {
      // The next heartbeat tries again, until the session is over.
    }
  }

  /** Sends heartbeats until the group is dealt anew or this member is out of it. */
  async function stay(): Promise<Ending> {
    let heard = Date.now();
    let looked = heard;
    for (;;) {
      await interval();
      if (signal.aborted) return "stopped";
      const outcome = await beat(heard);
      if (outcome === "rebalance" || outcome === "lost") return outcome;
      if (outcome === undefined) heard = Date.now();
      if (Date.now() - looked < growthEveryMs) continue;
      looked = Date.now();
      if (await hasGrown().catch(() => false)) return "rebalance";
    }
  }

  /** Heartbeats go on while batches under way finish; true where the group did not wait for them. */
  async function holdAlive(assigned: Promise<void>): Promise<boolean> {
    const since = Date.now();
    const held = assigned.then(() => events.hold());
    for (let lost = false; ; ) {
      const isHeld = await Promise.race([held.then(() => true), interval().then(() => false)]);
      if (isHeld || signal.aborted) {
        await held;
        return lost;
      }
      lost ||= (await beat(since)) === "lost";
    }
  }

  async function generation(): Promise<void> {
    const before = membership?.generationId;
    isJoining = true;
    const partitions = await join().finally(() => {
      isJoining = false;
    });
    const { generationId } = membership as Membership;
    // In one that was missed, what this member has may have been another's.
    if (before !== undefined && generationId !== before + 1) await events.lost();
    const assigned = events.assigned(membership as Membership, partitions);
    const ending = await stay();
    const lost = ending === "rebalance" ? await holdAlive(assigned) : ending === "lost";
    await assigned;
    if (lost) await events.lost();
  }

  async function run(): Promise<void> {
    let backoffMs = firstBackoffMs;
    while (!signal.aborted) {
      try {
        await generation();
        backoffMs = firstBackoffMs;
      } catch (error) {
        if (signal.aborted) return;
        await recover(error);
        await pause(backoffMs, signal);
        backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
      }
    }
  }

  /** After a failure to join. */
  async function recover(error: unknown): Promise<void> {
    const code = codeOf(error);
    if (code === codes.rebalanceInProgress) return;
    if (code === codes.unknownMember) memberId = "";
    else events.error(error);
    if (code !== undefined && goneCodes.has(code)) await events.lost();
  }

  const running = run();
  return {
    look() {
      hurry = true;
      wake?.();
    },
    async stop() {
      stopped.abort();
      wake?.();
      // A member that waits for the others to join is not waited for.
      await Promise.race([running, pause(joinGraceMs).then(() => isJoining && link.close())]);
      await running;
      return membership;
    },
  };
}
