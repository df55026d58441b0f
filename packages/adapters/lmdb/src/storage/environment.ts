import type { TopicSpec } from "@ecap/sdk";
import { type Database, open, type RootDatabase } from "lmdb";

type BinaryTable = Database<Uint8Array, Uint8Array>;

/** Record count, bytes of the values, append time. */
export type BlockInfo = [count: number, valueBytes: number, appendedAt: number];

export interface StoredTopic {
  readonly id: number;
  readonly spec: TopicSpec;
}

/** One LMDB environment and its tables, all written in the same transactions. */
export interface Environment {
  readonly path: string;
  readonly root: RootDatabase;
  /** Record batches by topic, partition and first offset. */
  readonly blocks: Database<Uint8Array, number[]>;
  /** Finds and ages batches without reading them. */
  readonly blockIndex: Database<BlockInfo, number[]>;
  readonly topics: Database<StoredTopic, string>;
  /** Group offsets, where partitions begin, the last version of the state. */
  readonly meta: Database<number, string[]>;
  /** Epoch and offset by topology, topic and partition. */
  readonly claims: Database<[epoch: number, offset: number | null], string[]>;
  readonly states: BinaryTable;
  readonly entities: BinaryTable;
  /** Ids that contributed, by entity. */
  readonly contributed: BinaryTable;
}

export function openEnvironment(path: string, mapSize: number | undefined): Environment {
  const root = open({
    path,
    maxDbs: 12,
    encoding: "binary",
    noMemInit: true,
    // The group writer makes the batches; without this a failed one rejects a promise that nobody was given.
    eventTurnBatching: false,
    ...(mapSize === undefined ? {} : { mapSize }),
  });
  const binary = { encoding: "binary", keyEncoding: "binary" } as const;
  return {
    path,
    root,
    blocks: root.openDB("blocks", { encoding: "binary" }),
    blockIndex: root.openDB("block-index", { encoding: "json" }),
    topics: root.openDB("topics", { encoding: "json" }),
    meta: root.openDB("meta", { encoding: "json" }),
    claims: root.openDB("claims", { encoding: "json" }),
    states: root.openDB("states", binary),
    entities: root.openDB("entities-2", binary),
    contributed: root.openDB("contributed", binary),
  };
}
