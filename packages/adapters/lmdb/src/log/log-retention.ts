import type { Environment } from "../storage/environment.ts";
import { staged } from "../storage/staged.ts";
import { floorKey, type LogPartition, type LogTopic } from "./log-topics.ts";

/** Removes whole blocks, oldest first, that are past the topic's retention by time or bytes. The newest block stays for its bytes' sake. */
export async function enforceTopicRetention(
  environment: Environment,
  topic: LogTopic,
  now: number,
): Promise<void> {
  const { retentionMs, retentionBytes } = topic.spec;
  if (retentionMs === undefined && retentionBytes === undefined) return;
  for (const partition of topic.partitions) await trim(environment, topic, partition, now);
}

async function trim(
  environment: Environment,
  topic: LogTopic,
  partition: LogPartition,
  now: number,
): Promise<void> {
  const { root, blocks, blockIndex, meta } = environment;
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
  await root.batch(() => {
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
