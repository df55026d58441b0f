import { uniqueName } from "@ecap/sdk/testing";
import { type KafkaEventLogOptions, kafkaEventLog } from "../src/index.ts";

const { ECAP_TEST_KAFKA_BROKERS, CI } = process.env;

/** Brokers of the test services; undefined where none run, which CI does not accept. */
export const brokers: readonly string[] | undefined = ECAP_TEST_KAFKA_BROKERS?.split(",");
if (brokers === undefined && CI === "true") throw new Error("ECAP_TEST_KAFKA_BROKERS is not set");

export const skipReason =
  brokers === undefined ? "skipped: ECAP_TEST_KAFKA_BROKERS is not set" : "Kafka";

/** Short timeouts, so that tests of what happens after them are short too. */
export const quickTimeouts: Partial<KafkaEventLogOptions> = {
  sessionTimeoutMs: 2_000,
  heartbeatIntervalMs: 200,
  rebalanceTimeoutMs: 10_000,
};

/** A log with names of its own. */
export function testLog(options: KafkaEventLogOptions = {}) {
  const topicPrefix = `${uniqueName("kafka")}.`;
  return kafkaEventLog({ brokers: brokers ?? [], topicPrefix, ...quickTimeouts, ...options });
}
