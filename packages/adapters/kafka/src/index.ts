export { type KafkaEventLog, kafkaEventLog } from "./kafka-event-log.ts";
export type { KafkaEventLogOptions } from "./options.ts";
export type { Compression } from "./wire/compression.ts";
