import { manualClock, memoryStore } from "@ecap/sdk/memory";
import {
  committerContract,
  eventLogContract,
  stateStoreContract,
  streamEngineContract,
} from "@ecap/sdk/testing";

eventLogContract("memory", async () => {
  const clock = manualClock(1_000);
  const { eventLog } = memoryStore({ clock });
  return {
    eventLog,
    clock,
    enforceRetention: eventLog.enforceRetention,
    close: () => eventLog.close(),
  };
});

stateStoreContract("memory", async () => {
  const clock = manualClock(1_000);
  return { clock, stateStore: memoryStore({ clock }).stateStore };
});

committerContract("memory", async () => memoryStore());

streamEngineContract("memory", async () => memoryStore(), { renewAfter: 20 });
