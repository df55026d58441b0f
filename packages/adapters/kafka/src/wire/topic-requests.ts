import { KafkaError } from "./errors.ts";
import type { WireRequest } from "./kafkajs-types.ts";
import { wireRequest } from "./wire-request.ts";

export interface NewTopic {
  readonly topicName: string;
  readonly partitions: number;
  /** -1: as the brokers are set up. */
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** CreateTopics v4: unlike the v3 of kafkajs it leaves the replication factor to the brokers. */
export function createTopicRequest(topic: NewTopic): WireRequest<void> {
  return wireRequest({
    apiKey: 19,
    apiVersion: 4,
    apiName: "CreateTopics",
    write(writer) {
      writer.int32(1).string(topic.topicName).int32(topic.partitions);
      writer.int16(topic.replicationFactor).int32(0); // no assignment of replicas
      writer.array(Object.entries(topic.config), ([name, value]) => {
        writer.string(name).string(value);
      });
      writer.int32(topic.timeoutMs).int8(0);
    },
    read(reader) {
      reader.throttleTime();
      reader.array(() => {
        reader.string();
        const code = reader.int16();
        const message = reader.string();
        if (code !== 0) throw new KafkaError(code, `CreateTopics${message ? ` (${message})` : ""}`);
      });
    },
  });
}

/** IncrementalAlterConfigs v0: unlike the AlterConfigs of kafkajs it leaves the settings it does not name. */
export function alterTopicRequest(
  topicName: string,
  config: Readonly<Record<string, string>>,
): WireRequest<void> {
  return wireRequest({
    apiKey: 44,
    apiVersion: 0,
    apiName: "IncrementalAlterConfigs",
    write(writer) {
      writer.int32(1).int8(2).string(topicName);
      writer.array(Object.entries(config), ([name, value]) => {
        writer.string(name).int8(0).string(value);
      });
      writer.int8(0);
    },
    read(reader) {
      reader.throttleTime();
      reader.array(() => {
        const code = reader.int16();
        const message = reader.string();
        reader.int8();
        reader.string();
        if (code !== 0) throw new KafkaError(code, `AlterConfigs${message ? ` (${message})` : ""}`);
      });
    },
  });
}
