import type { ByteReader } from "./bytes.ts";
import type { WireRequest } from "./kafkajs-types.ts";
import { wireRequest } from "./wire-request.ts";

export interface ClusterMetadata {
  readonly brokers: ReadonlyArray<{ readonly nodeId: number; readonly host: string }>;
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly topic: string;
  readonly internal: boolean;
  readonly partitions: ReadonlyArray<{
    readonly errorCode: number;
    readonly partition: number;
    /** -1 where the partition has none at the moment. */
    readonly leader: number;
  }>;
}

/** Metadata v5. kafkajs rejects where one of several topics has an error; this answers with each topic's. */
export function metadataRequest(
  topics: readonly string[] | undefined,
): WireRequest<ClusterMetadata> {
  return wireRequest({
    apiKey: 3,
    apiVersion: 5,
    apiName: "Metadata",
    write(writer) {
      if (topics === undefined) writer.int32(-1);
      else writer.array(topics, (topic) => writer.string(topic));
      writer.int8(0); // create no topic
    },
    read(reader) {
      reader.throttleTime();
      const brokers = reader.array(() => {
        const broker = { nodeId: reader.int32(), host: reader.string() ?? "" };
        reader.int32(); // port
        reader.string(); // rack
        return broker;
      });
      reader.string(); // cluster id
      const controllerId = reader.int32();
      return { brokers, controllerId, topics: reader.array(() => readTopic(reader)) };
    },
  });
}

function readTopic(reader: ByteReader): TopicMetadata {
  return {
    errorCode: reader.int16(),
    topic: reader.string() ?? "",
    internal: reader.int8() === 1,
    partitions: reader.array(() => {
      const partition = {
        errorCode: reader.int16(),
        partition: reader.int32(),
        leader: reader.int32(),
      };
      for (let lists = 0; lists < 3; lists += 1) reader.array(() => reader.int32()); // replicas
      return partition;
    }),
  };
}
