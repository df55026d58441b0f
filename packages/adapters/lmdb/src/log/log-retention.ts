import type { Environment } from "../storage/environment.ts";
import type { GroupWriter } from "../storage/group-writer.ts";
import { staged } from "../storage/staged.ts";
import { floorKey, type LogPartition, type LogTopic } from "./log-topics.ts";

export interface RetentionOptions {
  readonly environment: Environment;
  readonly writer: GroupWriter;
  readonly topic: LogTopic;
  readonly now: number;
}

/** Removes whole blocks, oldest first, that are past the topic's retention by time or bytes. The newest block stays for its bytes' sake. */
export async function enforceTopicRetention(options: RetentionOptions): Promise<void> {
  const { spec, partitions } = options.topic;
  if (spec.retentionMs === undefined && spec.retentionBytes === undefined) return;
  for (const partition of partitions) await trim(partition, options);
}

async function trim(
  partition: LogPartition,
  { environment, writer, topic, now }: RetentionOptions,
): Promise<void> {
  const { blocks, blockIndex, meta } = environment;
  const { retentionMs = Infinity, retentionBytes = Infinity } = topic.spec;
  if (retentionBytes !== Infinity) partition.bytes ??= countBytes(environment, topic, partition);
  const old: number[][] = [];
  let earliest = partition.earliest;
  let bytes = partition.bytes ?? 0;
  for (const { key, value } of blockIndex.getRange(boundsOf(topic, partition))) {
    const [count, blockBytes, appendedAt] = value;
    const end = (key[2] ?? 0) + count;
    const tooMuch = bytes > retentionBytes && end < partition.visible;
    if (now - appendedAt <= retentionMs && !tooMuch) break;
    old.push(key);
    earliest = end;
    bytes -= blockBytes;
  }
  if (old.length === 0) return;
  partition.earliest = earliest;
  if (partition.bytes !== undefined) partition.bytes = bytes;
  await writer.write(() => {
    for (const key of old) {
      staged(blocks.remove(key));
      staged(blockIndex.remove(key));
    }
    staged(meta.put(floorKey(topic.id, partition.index), earliest));
  });
}

function countBytes({ blockIndex }: Environment, topic: LogTopic, partition: LogPartition): number {
  let bytes = 0;
  for (const { value } of blockIndex.getRange(boundsOf(topic, partition))) {
    bytes += value[1];
  }
  return bytes;
}

/** Blocks a reader can see. */
function boundsOf({ id }: LogTopic, { index, visible }: LogPartition) {
  return { start: [id, index, 0], end: [id, index, visible] };
}
