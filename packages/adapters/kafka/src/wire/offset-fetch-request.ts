import { KafkaError } from "./errors.ts";
import type { WireRequest } from "./kafkajs-types.ts";
import { wireRequest } from "./wire-request.ts";

export interface OffsetFetchQuery {
  readonly groupId: string;
  readonly topicName: string;
  readonly partitions: readonly number[];
  /** Rejects (unstableOffsetCommit) while a transaction that moves one of the offsets is undecided. */
  readonly stable: boolean;
}

export interface CommittedOffset {
  readonly offset: number;
  /** What was kept with it. */
  readonly metadata: string;
}

/** OffsetFetch v7, of which kafkajs ends at v4: only from v7 on the answer can be asked to wait for undecided transactions (KIP-447). */
export function offsetFetchRequest(
  query: OffsetFetchQuery,
): WireRequest<Map<number, CommittedOffset>> {
  const { groupId, topicName, partitions, stable } = query;
  return wireRequest({
    apiKey: 9,
    apiVersion: 7,
    apiName: "OffsetFetch",
    write(writer) {
      writer.uvarint(0).compactString(groupId);
      writer
        .uvarint(2)
        .compactString(topicName)
        .uvarint(partitions.length + 1);
      for (const partition of partitions) writer.int32(partition);
      writer
        .uvarint(0)
        .int8(stable ? 1 : 0)
        .uvarint(0);
    },
    read(reader) {
      reader.skipTags();
      reader.throttleTime();
      const offsets = new Map<number, CommittedOffset>();
      reader.compactArray(() => {
        reader.compactString();
        reader.compactArray(() => {
          const partition = reader.int32();
          const offset = reader.int64();
          reader.int32(); // leader epoch
          const metadata = reader.compactString() ?? "";
          assertNone(reader.int16());
          reader.skipTags();
          if (offset >= 0) offsets.set(partition, { offset, metadata });
        });
        reader.skipTags();
      });
      assertNone(reader.int16());
      return offsets;
    },
  });
}

function assertNone(errorCode: number): void {
  if (errorCode !== 0) throw new KafkaError(errorCode, "OffsetFetch");
}
