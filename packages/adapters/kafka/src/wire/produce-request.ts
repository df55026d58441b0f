import { groupBy } from "./group-by.ts";
import type { WireRequest } from "./kafkajs-types.ts";
import { wireRequest } from "./wire-request.ts";

export interface ProduceBatch {
  /** As the broker knows it. */
  readonly topicName: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

export interface Produced {
  readonly topicName: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Of the batch's first record; the others follow one by one. Of a batch the broker had already: where it is. */
  readonly baseOffset: number;
}

export interface ProduceOptions {
  readonly transactionalId: string | null;
  /** How long the leader waits for its replicas. */
  readonly timeoutMs: number;
}

/** Produce v7 with acks of all in-sync replicas: encoded batches as they are, at most one a partition, and each partition's answer. */
export function produceRequest(
  batches: readonly ProduceBatch[],
  { transactionalId, timeoutMs }: ProduceOptions,
): WireRequest<readonly Produced[]> {
  const byTopic = groupBy(batches, ({ topicName }) => topicName);
  const size = batches.reduce((sum, { bytes }) => sum + bytes.length + 16, 256);
  return wireRequest({
    apiKey: 0,
    apiVersion: 7,
    apiName: "Produce",
    sizeHint: size + 260 * byTopic.size,
    write(writer) {
      writer.string(transactionalId).int16(-1).int32(timeoutMs);
      writer.array([...byTopic], ([topicName, ofTopic]) => {
        writer.string(topicName).array(ofTopic, ({ partition, bytes }) => {
          writer.int32(partition).int32(bytes.length).raw(bytes);
        });
      });
    },
    read(reader) {
      const topics = reader.array(() => {
        const topicName = reader.string() ?? "";
        return reader.array((): Produced => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          const baseOffset = reader.int64();
          reader.int64(); // log append time
          reader.int64(); // log start offset
          return { topicName, partition, errorCode, baseOffset };
        });
      });
      reader.throttleTime();
      return topics.flat();
    },
  });
}
