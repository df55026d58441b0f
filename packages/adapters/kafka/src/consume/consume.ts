import type { AssignedPartition, ConsumeOptions, Consumer } from "@ecap/sdk";
import type { Settings } from "../options.ts";
import type { OffsetTurns } from "../outbox/offset-turns.ts";
import type { CommittedOffsets } from "../read/committed-offsets.ts";
import type { LogBounds } from "../read/log-bounds.ts";
import type { TopicMetadata } from "../topics/topic-metadata.ts";
import type { Link } from "../wire/link.ts";
import { retrying } from "../wire/retrying.ts";
import { fetcher } from "./fetcher.ts";
import { type Membership, runGroupMember } from "./group-member.ts";
import type { GroupMembers } from "./group-members.ts";
import { groupOffsets } from "./group-offsets.ts";
import { type PartitionRun, runPartition, type StartingPoint } from "./partition-run.ts";
import { nameOf } from "./sticky-assignor.ts";

export interface ConsumeContext {
  /** Of this consumer alone. */
  readonly link: Link;
  /** Of requests that do not wait at the broker. */
  readonly control: Link;
  readonly metadata: TopicMetadata;
  readonly bounds: LogBounds;
  readonly committed: CommittedOffsets;
  readonly turns: OffsetTurns;
  readonly members: GroupMembers;
  readonly settings: Settings;
}

export async function consume(context: ConsumeContext, options: ConsumeOptions): Promise<Consumer> {
  const { link, metadata, bounds, settings } = context;
  const topics = [...new Set(options.topics)].toSorted();
  for (const topic of topics) await metadata.topic(topic);
  const runs = new Map<string, PartitionRun>();
  const places = context.members.join(options.group);
  const onError = (error: unknown): void => options.onError?.(error);

  const offsets = groupOffsets({
    group: options.group,
    turns: context.turns,
    metadata,
    timeoutMs: settings.rebalanceTimeoutMs,
    onRefused: () => member.look(),
    onError,
  });
  const fetching = fetcher({
    link,
    metadata,
    bounds,
    settings,
    runs: () => runs.values(),
    onError,
  });

  async function startingPoint(place: AssignedPartition): Promise<StartingPoint> {
    const { topic, partition } = place;
    const given = await options.onAssigned?.(place);
    const reached = (await context.committed.stable(options.group, topic)).get(partition);
    const position = given ?? reached ?? (await earliest(place));
    return { position, committed: reached ?? -1 };
  }

  async function earliest({ topic, partition }: AssignedPartition): Promise<number> {
    return (await bounds.list(topic, "earliest", [partition])).get(partition) ?? 0;
  }

  function start(place: AssignedPartition): void {
    const run = runPartition({
      place,
      consume: options,
      start: () => startingPoint(place),
      done: (offset) => offsets.done(place, offset),
      changed: () => fetching.look(),
    });
    runs.set(nameOf(place), run);
  }

  async function revoke(run: PartitionRun): Promise<void> {
    await run.stop();
    runs.delete(nameOf(run.place));
    try {
      await options.onRevoked?.(run.place);
    } catch (error) {
      onError(error);
    }
  }

  async function revokeAll(): Promise<void> {
    await Promise.all([...runs.values()].map(revoke));
  }

  const member = runGroupMember({
    link,
    metadata,
    settings,
    groupId: `${settings.topicPrefix}${options.group}`,
    topics,
    events: {
      held: () => [...runs.values()].map(({ place }) => place),
      async hold() {
        await Promise.all([...runs.values()].map((run) => run.hold()));
        await offsets.flush();
      },
      async assigned(membership, partitions) {
        places.hold(membership, partitions);
        offsets.join(membership, partitions);
        const dealt = new Set(partitions.map(nameOf));
        const leaving = [...runs.values()].filter(({ place }) => !dealt.has(nameOf(place)));
        for (const run of runs.values()) if (dealt.has(nameOf(run.place))) run.resume();
        for (const place of partitions) if (!runs.has(nameOf(place))) start(place);
        fetching.look();
        await Promise.all(leaving.map(revoke));
      },
      async lost() {
        places.lose();
        offsets.lose();
        await revokeAll();
      },
      error: onError,
    },
  });

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const stopped = member.stop();
    await Promise.all([...runs.values()].map((run) => run.stop()));
    const membership = await stopped;
    await offsets.flush();
    await revokeAll();
    places.leave();
    link.close();
    await fetching.stop();
    if (membership !== undefined) await leave(membership);
  }

  /** By another link: that of the consumer may wait for the group to be dealt. */
  async function leave({ groupId, memberId }: Membership): Promise<void> {
    const { topicName } = await metadata.topic(topics[0] ?? "");
    try {
      await retrying(
        async () => {
          const broker = await context.control.any();
          const found = await broker.findGroupCoordinator({ groupId, coordinatorType: 0 });
          const coordinator = await context.control.node(found.coordinator.nodeId, topicName);
          await coordinator.leaveGroup({ groupId, memberId });
        },
        { doing: `leaving ${groupId}`, timeoutMs: 5_000 },
      );
    } catch (error) {
      // The group drops the member when its session is over.
      settings.logger.warn(
        { groupId, error: String(error) },
        "a consumer could not leave its group",
      );
    }
  }

  return {
    close() {
      closing ??= close();
      return closing;
    },
  };
}
