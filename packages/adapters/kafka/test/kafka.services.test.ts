import { redisStateStore } from "@ecap/adapter-redis";
import type { StateStore } from "@ecap/sdk";
import { memoryStateStore } from "@ecap/sdk/memory";
import { outboxCommitter } from "@ecap/sdk/streams";
import {
  committerContract,
  eventLogContract,
  streamEngineContract,
  uniqueName,
} from "@ecap/sdk/testing";
import { describe } from "vitest";
import type { KafkaEventLog } from "../src/index.ts";
import { brokers, skipReason, testLog } from "./services.ts";

const redisUrl = process.env["ECAP_TEST_REDIS_URL"];

function openLog(topicPrefix = `${uniqueName("kafka")}.`) {
  const eventLog = testLog({ topicPrefix });
  return {
    eventLog,
    async reopen() {
      await eventLog.close();
      return openLog(topicPrefix);
    },
    close: () => eventLog.close(),
  };
}

async function openCommitter(stateStore: StateStore, topicPrefix?: string) {
  const { eventLog } = openLog(topicPrefix);
  // The broker keeps no offsets of a topic that does not exist.
  await eventLog.createTopic("input", { partitions: 3 });
  return { eventLog, stateStore, committer: outboxCommitter({ eventLog, stateStore }) };
}

async function openCommitterSubject(
  stateStore: StateStore,
  closeStore: () => Promise<void> = async () => {},
) {
  const topicPrefix = `${uniqueName("kafka")}.`;
  const opened = await openCommitter(stateStore, topicPrefix);
  const closing = ({ eventLog }: { readonly eventLog: KafkaEventLog }) => ({
    async close() {
      await eventLog.close();
      await closeStore();
    },
  });
  return {
    ...opened,
    ...closing(opened),
    async reopen() {
      await opened.eventLog.close();
      const again = await openCommitter(stateStore, topicPrefix);
      return { ...again, ...closing(again) };
    },
  };
}

describe.skipIf(brokers === undefined)(skipReason, () => {
  eventLogContract("kafka", async () => openLog());
  eventLogContract("kafka, gzip", async () => {
    const eventLog = testLog({ compression: "gzip", maxBatchBytes: 2_000 });
    return { eventLog, close: () => eventLog.close() };
  });
  committerContract("outbox over Kafka and memory", () => openCommitterSubject(memoryStateStore()));

  describe.skipIf(redisUrl === undefined)("with Redis", () => {
    committerContract("outbox over Kafka and Redis", async () => {
      const keyPrefix = `ecap-test/${uniqueName("kafka")}/`;
      const stateStore = redisStateStore({ url: redisUrl, keyPrefix });
      return openCommitterSubject(stateStore, () => stateStore.close());
    });
    streamEngineContract(
      "Kafka and Redis",
      async () => {
        const keyPrefix = `ecap-test/${uniqueName("kafka")}/`;
        const stateStore = redisStateStore({ url: redisUrl, keyPrefix });
        return openCommitterSubject(stateStore, () => stateStore.close());
      },
      { histories: 2, events: 120 },
    );
  });
});
