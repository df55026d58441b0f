import { KafkaError } from "./errors.ts";
import type { ProducerIdentity, WireRequest } from "./kafkajs-types.ts";
import { wireRequest } from "./wire-request.ts";

/** A member of a group, in one generation of it. */
export interface GroupMembership {
  readonly memberId: string;
  readonly generationId: number;
}

export interface TxnOffsetCommit extends ProducerIdentity {
  readonly groupId: string;
  /** As which member of the group; the broker refuses one of another generation. Undefined: as none. */
  readonly member: GroupMembership | undefined;
  readonly topicName: string;
  readonly partition: number;
  readonly offset: number;
  /** Kept with the offset. */
  readonly metadata: string;
}

/** TxnOffsetCommit v3, of which kafkajs ends at v1: only from v3 on the broker is told as which member of the group (KIP-447). */
export function txnOffsetCommitRequest(commit: TxnOffsetCommit): WireRequest<void> {
  const { memberId = "", generationId = -1 } = commit.member ?? {};
  return wireRequest({
    apiKey: 28,
    apiVersion: 3,
    apiName: "TxnOffsetCommit",
    write(writer) {
      writer.uvarint(0).compactString(commit.transactionalId).compactString(commit.groupId);
      writer.int64(BigInt(commit.producerId)).int16(commit.producerEpoch);
      writer.int32(generationId).compactString(memberId).uvarint(0);
      writer.uvarint(2).compactString(commit.topicName);
      writer.uvarint(2).int32(commit.partition).int64(commit.offset).int32(-1);
      writer.compactString(commit.metadata).uvarint(0).uvarint(0).uvarint(0);
    },
    read(reader) {
      reader.skipTags();
      reader.throttleTime();
      reader.compactArray(() => {
        reader.compactString();
        reader.compactArray(() => {
          reader.int32(); // partition
          const errorCode = reader.int16();
          if (errorCode !== 0) throw new KafkaError(errorCode, "TxnOffsetCommit");
          reader.skipTags();
        });
        reader.skipTags();
      });
    },
  });
}
