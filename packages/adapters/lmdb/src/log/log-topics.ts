import type { TopicSpec } from "@ecap/sdk";
import type { Environment } from "../storage/environment.ts";
import type { BlockWriter } from "./block-writer.ts";

export interface LogPartition {
  readonly index: number;
  /** First offset still held. */
  earliest: number;
  /** Offset the next record gets. */
  next: number;
  /** Readers see offsets below this: those that are durable. */
  visible: number;
  /** Bytes of the values held; undefined until retention by bytes counted them. */
  bytes: number | undefined;
  /** Blocks that wait for the next transaction. */
  open: Array<{ readonly baseOffset: number; readonly block: BlockWriter }>;
}

export interface LogTopic {
  readonly id: number;
  readonly name: string;
  spec: TopicSpec;
  readonly partitions: readonly LogPartition[];
  nextKeyless: number;
}

export function topicEntry(id: number, spec: TopicSpec) {
  return {
    stored: { id, spec: { ...spec } },
    open: (name: string, place = emptyPartition): LogTopic => ({
      id,
      name,
      spec,
      partitions: Array.from({ length: spec.partitions }, (_, index) => place(index)),
      nextKeyless: 0,
    }),
  };
}

/** The topics of an environment, each partition at the end of its last block. */
export function loadTopics(environment: Environment): Map<string, LogTopic> {
  const topics = new Map<string, LogTopic>();
  for (const { key: name, value } of environment.topics.getRange()) {
    const { id, spec } = value;
    topics.set(
      name,
      topicEntry(id, spec).open(name, (index) => placePartition(environment, id, index)),
    );
  }
  return topics;
}

/** Where retention says that a partition begins, for when it holds nothing any more. */
export const floorKey = (topicId: number, partition: number): string[] => [
  "floor",
  String(topicId),
  String(partition),
];

function placePartition(
  { blockIndex, meta }: Environment,
  id: number,
  index: number,
): LogPartition {
  const bounds = { start: [id, index, 0], end: [id, index, Infinity], limit: 1 };
  const [first] = [...blockIndex.getKeys(bounds)];
  const [last] = [
    ...blockIndex.getRange({
      start: [id, index, Infinity],
      end: [id, index, -1],
      reverse: true,
      limit: 1,
    }),
  ];
  const floor = meta.get(floorKey(id, index)) ?? 0;
  const end = last === undefined ? floor : (last.key[2] ?? 0) + last.value[0];
  return {
    ...emptyPartition(index),
    earliest: first?.[2] ?? floor,
    next: Math.max(end, floor),
    visible: Math.max(end, floor),
  };
}

function emptyPartition(index: number): LogPartition {
  return { index, earliest: 0, next: 0, visible: 0, bytes: undefined, open: [] };
}
