import { memoryStateStore } from "@ecap/sdk/memory";
import { outboxCommitter } from "@ecap/sdk/streams";
import { committerContract, eventLogContract, uniqueName } from "@ecap/sdk/testing";
import { describe } from "vitest";
import { brokers, skipReason, testLog } from "./services.ts";

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

async function openCommitter(stateStore = memoryStateStore(), topicPrefix?: string) {
  const { eventLog } = openLog(topicPrefix);
  // The broker keeps no offsets of a topic that does not exist.
  await eventLog.createTopic("input", { partitions: 3 });
  return { eventLog, stateStore, committer: outboxCommitter({ eventLog, stateStore }) };
}

async function openCommitterSubject() {
  const topicPrefix = `${uniqueName("kafka")}.`;
  const stateStore = memoryStateStore();
  const opened = await openCommitter(stateStore, topicPrefix);
  return {
    ...opened,
    /** The state outlives the process here, as it does in Redis. */
    async reopen() {
      await opened.eventLog.close();
      const again = await openCommitter(stateStore, topicPrefix);
      return { ...again, close: () => again.eventLog.close() };
    },
    close: () => opened.eventLog.close(),
  };
}

describe.skipIf(brokers === undefined)(skipReason, () => {
  eventLogContract("kafka", async () => openLog());
  eventLogContract("kafka, gzip", async () => {
    const eventLog = testLog({ compression: "gzip", maxBatchBytes: 2_000 });
    return { eventLog, close: () => eventLog.close() };
  });
  committerContract("outbox over Kafka and memory", openCommitterSubject);
});
