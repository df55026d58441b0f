import type { Settings } from "../options.ts";
import type { TopicMetadata } from "../topics/topic-metadata.ts";
import { coordinators } from "../wire/coordinators.ts";
import type { Link } from "../wire/link.ts";
import { offsetFetchRequest } from "../wire/offset-fetch-request.ts";
import { retrying } from "../wire/retrying.ts";

export interface CommittedOffsets {
  /** The group's offsets as they are now. */
  now(group: string, topic: string): Promise<Map<number, number>>;
  /** Once transactions that move them are decided. */
  stable(group: string, topic: string): Promise<Map<number, number>>;
}

export interface CommittedOffsetsOptions {
  readonly link: Link;
  readonly metadata: TopicMetadata;
  readonly settings: Settings;
}

export function committedOffsets(options: CommittedOffsetsOptions): CommittedOffsets {
  const { link, metadata, settings } = options;
  const coordinator = coordinators(link);

  async function fetch(group: string, name: string, stable: boolean) {
    const { topicName, leaders } = await metadata.topic(name);
    const groupId = `${settings.topicPrefix}${group}`;
    const query = { groupId, topicName, partitions: [...leaders.keys()], stable };
    const found = await retrying(
      () =>
        coordinator.ask({ kind: "group", id: groupId, topicName }, (broker) =>
          link.send(broker, offsetFetchRequest(query)),
        ),
      {
        doing: `asking how far ${group} is`,
        timeoutMs: settings.requestTimeoutMs + settings.transactionTimeoutMs,
        firstBackoffMs: 2,
      },
    );
    return new Map([...found].map(([partition, { offset }]) => [partition, offset]));
  }

  return {
    now: (group, topic) => fetch(group, topic, false),
    stable: (group, topic) => fetch(group, topic, true),
  };
}
